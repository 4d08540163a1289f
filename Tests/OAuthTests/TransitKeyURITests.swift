import AccessToken
import TestSupport
import Testing

@testable import OAuth

@Suite struct TransitKeyURITests {
    private func read(_ text: String) throws -> TransitKeyURI {
        guard case .vault(let uri) = try KeyURI(text) else { throw InvalidValue("is of another place") }
        return uri
    }

    @Test(
        "A Transit URI names the server, the mount and the key, and has one normal form",
        arguments: [
            ("vault+https://vault.example.com/transit/keys/writ", "https://vault.example.com", "transit", "writ"),
            ("VAULT+HTTPS://Vault.Example.COM:443/transit/keys/writ", "https://vault.example.com", "transit", "writ"),
            ("vault+https://v:8200/team-a/transit_2/keys/W.r-i_t9", "https://v:8200", "team-a/transit_2", "W.r-i_t9"),
            ("vault+https://[2001:DB8::1]:8200/t/keys/a", "https://[2001:db8::1]:8200", "t", "a"),
            ("vault+http://127.0.0.1:8200/transit/keys/writ", "http://127.0.0.1:8200", "transit", "writ"),
            ("vault+http://127.1.2.3/transit/keys/writ", "http://127.1.2.3", "transit", "writ"),
            ("vault+http://[::1]:8100/transit/keys/writ", "http://[::1]:8100", "transit", "writ"),
            ("vault+http://localhost:80/transit/keys/writ", "http://localhost", "transit", "writ"),
            ("vault+https://v/keys/keys/keys", "https://v", "keys", "keys"),
            ("vault+https://v/a~b.c/keys/_", "https://v", "a~b.c", "_"),
        ])
    func reads(text: String, origin: String, mount: String, name: String) throws {
        let uri = try read(text)
        #expect(uri.origin == origin)
        #expect(uri.mount == mount)
        #expect(uri.name == name)
        #expect(uri.description == "vault+\(origin)/\(mount)/keys/\(name)")
        #expect(try read(uri.description) == uri)
    }

    @Test(
        "A text is no Transit URI if it says more than server, mount and key, or not all of them",
        arguments: [
            "vault+https:", "vault+https://", "vault+https:/transit/keys/writ", "vault+https://v", "vault+https://v/",
            "vault+https:///transit/keys/writ", "vault://v/transit/keys/writ", "vault+ftp://v/transit/keys/writ",
            // No mount, no name, another path.
            "vault+https://v/keys/writ", "vault+https://v/transit/keys", "vault+https://v/transit/keys/",
            "vault+https://v/transit/sign/writ", "vault+https://v/transit/keys/writ/rotate",
            "vault+https://v/transit/Keys/writ", "vault+https://v/transit/keys/writ/",
            // User information, query, fragment.
            "vault+https://root@v/transit/keys/writ", "vault+https://a:b@v/transit/keys/writ",
            "vault+https://v/transit/keys/writ?version=1", "vault+https://v/transit/keys/writ?",
            "vault+https://v/transit/keys/writ#1", "vault+https://v/transit/keys/writ#",
            // Dot segments, empty segments, percent encoding.
            "vault+https://v/../transit/keys/writ", "vault+https://v/a/./keys/writ", "vault+https://v/./keys/writ",
            "vault+https://v//transit/keys/writ", "vault+https://v/transit//keys/writ", "vault+https://v//keys/writ",
            "vault+https://v/tran%73it/keys/writ", "vault+https://v/transit/keys/w%72it",
            "vault+https://v/transit/keys/%2e%2e", "vault+https://v/a%2Fb/keys/writ",
            // What Transit does not take for a name.
            "vault+https://v/transit/keys/.", "vault+https://v/transit/keys/..", "vault+https://v/transit/keys/.writ",
            "vault+https://v/transit/keys/writ.", "vault+https://v/transit/keys/-writ",
            "vault+https://v/transit/keys/w-",
            "vault+https://v/transit/keys/a b", "vault+https://v/transit/keys/a@b", "vault+https://v/transit/keys/a:b",
            "vault+https://v/transit/keys/a~b", "vault+https://v/transit/keys/a;b", "vault+https://v/tr,ansit/keys/a",
            // Ports and hosts.
            "vault+https://v:0/transit/keys/writ", "vault+https://v:65536/transit/keys/writ",
            "vault+https://v:/transit/keys/writ", "vault+https://v:82x/transit/keys/writ",
            // Spaces and controls.
            " vault+https://v/transit/keys/writ", "vault+https://v/transit/keys/writ ",
            "vault+https://v/transit/keys/writ\n", "vault+https://v/transit/keys/wr\u{0}it",
            "vault+https://v/transit/keys/wr\u{1B}it", "vault+https://v/transit/keys/wr\u{7F}it",
            "vault+https://v/transit\r\n/keys/writ", "vault+https://v/transit/keys/wr\u{85}it",
        ])
    func refuses(text: String) {
        #expect(throws: InvalidValue.self) { try read(text) }
    }

    @Test(
        "Without TLS the host is a loopback host",
        arguments: [
            "vault.example.com", "10.0.0.1", "128.0.0.1", "127.0.0.1.example.com", "localhost.example.com",
            "0177.0.0.1",
            "127.1", "[::2]", "[::ffff:127.0.0.1]", "0.0.0.0",
        ])
    func needsTLS(host: String) throws {
        #expect(throws: InvalidValue.self) { try read("vault+http://\(host):8200/transit/keys/writ") }
    }

    @Test("A name has 128 octets at most, and a URI 2048")
    func limitsLengths() throws {
        let name = String(repeating: "n", count: TransitKeyURI.longestName)
        #expect(try read("vault+https://v/transit/keys/\(name)").name == name)
        #expect(throws: InvalidValue.self) { try read("vault+https://v/transit/keys/\(name)n") }
        let mount = String(repeating: "m/", count: 1100) + "m"
        #expect(throws: InvalidValue.self) { try read("vault+https://v/\(mount)/keys/writ") }
    }

    @Test(
        "A mark that joins with a separator, or looks like a letter, makes a text that is no URI",
        arguments: UnicodeMarks.all)
    func readsOctets(mark: String) throws {
        let text = "vault+https://vault.example.com:8200/transit/keys/writ"
        for separator: Unicode.Scalar in ["/", ":", ".", "+", "k"] {
            for variant in UnicodeMarks.variants(of: text, at: separator, with: mark) {
                #expect(throws: InvalidValue.self, "\(variant.unicodeScalars.map { $0.value })") { try read(variant) }
            }
        }
    }

    @Test(
        "A mount of a login is segments without a slash at its ends",
        arguments: [
            ("kubernetes", true), ("team-a/kubernetes", true), ("", false), ("/kubernetes", false),
            ("kubernetes/", false),
            ("a//b", false), ("..", false), ("a/./b", false), ("a?b", false), ("a#b", false), ("a%62", false),
            ("a b", false), ("a\u{0600}/b", false), ("\u{212A}ubernetes", false), ("a\r\nb", false),
        ])
    func checksMounts(text: String, isMount: Bool) {
        #expect(TransitKeyURI.isMount(text) == isMount)
    }
}
