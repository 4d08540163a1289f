import AccessToken
import AsyncHTTPClient
import TestSupport
import Testing
import WireText

@testable import RemoteKeys

@Suite("HTTPS_PROXY and NO_PROXY")
struct ProxyRulesTests {
    @Test(
        "A proxy is http with a host and a port",
        arguments: [
            ("http://proxy.example:3128", "proxy.example", 3128), ("proxy.example:3128", "proxy.example", 3128),
            ("HTTP://Proxy.Example", "proxy.example", 80), ("http://[2001:db8::1]:8080/", "2001:db8::1", 8080),
            (" http://user:p%40ss@10.0.0.1:3128 ", "10.0.0.1", 3128),
        ])
    func reads(text: String, host: String, port: Int) throws {
        let proxy = try #require(try ProxyRules(server: text, exceptions: nil).proxy(host: "example.com", port: 443))
        #expect(proxy.host == host)
        #expect(proxy.port == port)
    }

    @Test("Credentials for a proxy are percent-decoded")
    func readsCredentials() throws {
        let proxy = try ProxyServer("http://user:p%40ss@10.0.0.1:3128")
        #expect(proxy.setting.authorization == .basic(username: "user", password: "p@ss"))
        #expect(try ProxyServer("http://10.0.0.1:3128").setting.authorization == nil)
    }

    @Test(
        "A request does not go past a proxy that cannot be used",
        arguments: [
            "socks5://proxy:1080", "https://proxy:443", "http://", "http://proxy:x", "http://proxy/path",
            "http://a b", "http://user:%zz@proxy:1", "http\u{0301}://proxy",
        ])
    func refuses(text: String) {
        let rules = ProxyRules(server: text, exceptions: "internal.example")
        #expect(throws: InvalidValue.self) { try rules.proxy(host: "example.com", port: 443) }
        // What needs no proxy is not kept from its host.
        #expect(throws: Never.self) { try rules.proxy(host: "internal.example", port: 443) }
    }

    @Test("Without HTTPS_PROXY there is no proxy", arguments: [nil, "", " "])
    func isOff(text: String?) throws {
        #expect(try ProxyRules(server: text, exceptions: nil).proxy(host: "example.com", port: 443) == nil)
    }

    @Test(
        "NO_PROXY names hosts, domains with all below them, address blocks and ports",
        arguments: [
            ("*", "example.com", 443, true), ("example.com", "example.com", 443, true),
            ("example.com", "a.b.example.com", 443, true), ("example.com", "badexample.com", 443, false),
            (".example.com", "example.com", 443, true), ("*.example.com", "a.example.com", 443, true),
            ("EXAMPLE.com", "example.com", 443, true), (" a , example.com ,", "example.com", 443, true),
            ("example.com:8443", "example.com", 8443, true), ("example.com:8443", "example.com", 443, false),
            ("10.0.0.0/8", "10.1.2.3", 443, true), ("10.0.0.0/8", "11.1.2.3", 443, false),
            ("10.1.2.3", "10.1.2.3", 443, true), ("0.2.3", "10.0.2.3", 443, false),
            ("2001:db8::/32", "2001:db8::17", 443, true), ("2001:db8::17", "2001:db8:0:0::17", 443, true),
            (",", "example.com", 443, false), (".", "example.com", 443, false),
            ("\u{212A}.example", "k.example", 443, false), ("a,\u{0301}example.com", "example.com", 443, false),
        ])
    func namesExceptions(exceptions: String, host: String, port: Int, isDirect: Bool) throws {
        let rules = ProxyRules(server: "http://proxy:3128", exceptions: exceptions)
        #expect((try rules.proxy(host: host, port: port) == nil) == isDirect)
    }

    @Test(
        "Only https to another machine goes through a proxy",
        arguments: [
            ("https://example.com/jwks", true), ("http://collector:4318/v1/traces", false),
            ("https://localhost/jwks", false), ("https://127.0.0.1:8443/", false), ("https://[::1]/", false),
        ])
    func isForOtherMachines(url: String, isProxied: Bool) throws {
        let route = try OutgoingRoute(to: url, ProxyRules(server: "http://proxy:3128", exceptions: nil))
        #expect((route.proxy != nil) == isProxied)
    }

    @Test("A proxy that is misspelt fails the request by its name")
    func failsByName() {
        #expect(throws: ConnectionFailure(.proxy, "")) {
            try OutgoingRoute(to: "https://example.com", ProxyRules(server: "socks5://proxy", exceptions: nil))
        }
    }
}

extension ProxyServer {
    fileprivate init(_ text: String) throws { try self.init(Octets(text)) }
}
