import AccessToken
import OAuth
import ServiceFiles
import Testing
import WireText

@testable import TokenHTTP

/// The origin of a request that comes from the proxy 10.0.0.1, with other proxies at 10.0.0.0/8 and fd00::/8.
@Suite struct TrustedProxiesTests {
    private static let proxy = "10.0.0.1"
    /// Marks that join a separator into one `Character`, and characters that Unicode takes for a separator or a letter.
    private static let marks = ["\u{0600}", "\u{0301}", "\u{200D}", "\u{212A}", "\u{037E}", "\u{1FEF}", "\u{FFFD}"]

    private func origin(
        _ lines: [String], field: ForwardingField = .forwardedFor, peer: String = proxy, others: [String] = []
    ) throws -> String {
        let proxies = TrustedProxies(
            TrustedProxySettings(networks: [try IPNetwork("10.0.0.0/8"), try IPNetwork("fd00::/8")], field: field))
        return proxies.origin(of: try #require(IPAddress(peer))) { $0 == field.rawValue ? lines : others }.description
    }

    @Test("A trusted proxy has no share of the memory budget, and any other peer that of its address block")
    func shares() throws {
        let proxies = TrustedProxies(
            TrustedProxySettings(networks: [try IPNetwork("10.0.0.0/8")], field: .forwardedFor))
        let client = try #require(IPAddress("192.0.2.7"))
        #expect(proxies.share(of: try #require(IPAddress(Self.proxy))) == nil)
        #expect(proxies.share(of: client) == client.block)
    }

    @Test(
        "X-Forwarded-For: the last address that is not a trusted proxy counts",
        arguments: [
            (["192.0.2.7"], "192.0.2.7"), (["203.0.113.5, 192.0.2.7"], "192.0.2.7"),
            (["192.0.2.7, 10.9.9.9"], "192.0.2.7"),
            (["203.0.113.5", "192.0.2.7,10.9.9.9", " 10.1.1.1\t"], "192.0.2.7"),
            (["2001:db8::7"], "2001:db8::7"), (["[2001:db8::7]:4711, fd00::1"], "2001:db8::7"),
            (["192.0.2.7:4711"], "192.0.2.7"), (["::ffff:192.0.2.7"], "192.0.2.7"), (["10.9.9.9"], "10.9.9.9"),
            ([], "10.0.0.1"), ([""], "10.0.0.1"),
        ])
    func forwardedFor(lines: [String], expected: String) throws {
        #expect(try origin(lines) == expected)
    }

    @Test(
        "RFC 9110 section 5.6.1: empty list elements are ignored",
        arguments: [
            (ForwardingField.forwardedFor, ["192.0.2.7,"]), (.forwardedFor, ["192.0.2.7,,10.0.0.1"]),
            (.forwardedFor, [",, 192.0.2.7 , \t,"]), (.forwardedFor, ["192.0.2.7", "", ","]),
            (.forwarded, ["for=192.0.2.7,"]), (.forwarded, ["for=192.0.2.7, ,for=10.0.0.1"]),
            (.forwarded, ["for=192.0.2.7", ","]),
        ])
    func emptyElements(field: ForwardingField, lines: [String]) throws {
        #expect(try origin(lines, field: field) == "192.0.2.7")
    }

    @Test(
        "Forwarded: the last `for` that is not a trusted proxy counts (RFC 7239 section 4)",
        arguments: [
            (["for=192.0.2.7"], "192.0.2.7"), (["For=192.0.2.7;proto=https;by=10.0.0.1"], "192.0.2.7"),
            (["by=10.0.0.1 ; FOR=\"192.0.2.7:4711\""], "192.0.2.7"), (["for=203.0.113.5, for=192.0.2.7"], "192.0.2.7"),
            (["for=192.0.2.7, for=\"[fd00::1]:80\""], "192.0.2.7"), (["for=\"[2001:db8::7]\""], "2001:db8::7"),
            (["for=\"[2001:db8::7]:_obf.1-x\""], "2001:db8::7"), (["for=\"\\1\\92.0.2.7\""], "192.0.2.7"),
            (["for=203.0.113.5", "for=192.0.2.7", "for=10.0.0.9"], "192.0.2.7"), ([";for=192.0.2.7;"], "192.0.2.7"),
            (["for=192.0.2.7;host=a.example:8443"], "192.0.2.7"),
        ])
    func forwarded(lines: [String], expected: String) throws {
        #expect(try origin(lines, field: .forwarded) == expected)
    }

    @Test(
        "RFC 7239 section 4: a comma, a semicolon and a quotation mark within a quoted string are text",
        arguments: [
            #"for=192.0.2.7;host="x,for=203.0.113.66";proto=https"#, #"host="x,for=203.0.113.66";for=192.0.2.7"#,
            #"host="x;for=203.0.113.66";for=192.0.2.7"#, #"for=192.0.2.7;host="a\",for=203.0.113.66;x=\"b""#,
            #"for=192.0.2.7;host="a,b""#, #"for=192.0.2.7;host="\\""#, #"for=192.0.2.7;host="\\\",for=203.0.113.66""#,
            #"for=192.0.2.7;host="" "#,
        ])
    func quotedStrings(line: String) throws {
        #expect(try origin([line], field: .forwarded) == "192.0.2.7")
        #expect(try origin(["for=203.0.113.5", line], field: .forwarded) == "192.0.2.7")
        #expect(try origin(["\(line), for=10.2.2.2"], field: .forwarded) == "192.0.2.7")
    }

    @Test(
        "What a client has written before the proxy's element changes nothing",
        arguments: [
            "for=203.0.113.66", #"for="203.0.113.66"#, "\"", #"\"#, #"for=x;host="\"#, #"a="\""#, ",", ";", "=",
            "\"\",",
            "\u{600}", "\u{301}",
        ])
    func forgedBeginnings(start: String) throws {
        #expect(try origin(["\(start), for=192.0.2.7"], field: .forwarded) == "192.0.2.7")
        #expect(try origin(["\(start),for=\"192.0.2.7\""], field: .forwarded) == "192.0.2.7")
        #expect(try origin([start, "for=192.0.2.7"], field: .forwarded) == "192.0.2.7")
        #expect(try origin(["\(start), 192.0.2.7"]) == "192.0.2.7")
    }

    @Test(
        "X-Forwarded-For: an element that is not an address ends the search, and the address after it counts",
        arguments: [
            "unknown", "_hidden", "a.example", "192.0.2", "192.0.2.7.", "192.0.2.256", "192.0.2.7:", "192.0.2.7:x",
            "192.0.2.7:123456", "192.0.2.7 192.0.2.8", "[192.0.2.7]", "[2001:db8::7", "2001:db8::7]", "[2001:db8::7]x",
            "[2001:db8::7]:", "[2001:db8::7]:_obf", "[]", "2001:db8::7%eth0", "\"192.0.2.7\"", "for=192.0.2.7", "*",
            "-",
            String(repeating: ":", count: 5000), String(repeating: "1", count: 5000),
        ])
    func otherElements(element: String) throws {
        #expect(try origin(["203.0.113.5, \(element), 10.9.9.9"]) == "10.9.9.9")
        #expect(try origin(["203.0.113.5, \(element)"]) == Self.proxy)
    }

    @Test(
        "Forwarded: an element without one address in `for` ends the search, and the address after it counts",
        arguments: [
            "for=unknown", "for=_hidden", "proto=https", "192.0.2.7", "for", "for=", "=192.0.2.7", "for =192.0.2.7",
            "for= 192.0.2.7", "for=192.0.2.7;for=192.0.2.8", "for=192.0.2.7;FOR=192.0.2.7", #"for="192.0.2.7"#,
            #"for=192.0.2.7""#, #"for="192.0.2.7"x"#, #"for=192.0.2.7;host="a"#, #"for=192.0.2.7;host=a"b""#,
            #"for=192.0.2.7;host="a\""#, "for=192.0.2.7;x", "f\u{F6}r=192.0.2.7", "for=192.0.2.7:_", "for=192.0.2.7:a",
            ";", "\"\"",
        ])
    func otherForwardedElements(element: String) throws {
        #expect(try origin(["for=203.0.113.5, \(element), for=10.9.9.9"], field: .forwarded) == "10.9.9.9")
    }

    @Test("A separator counts beside every mark of Unicode, and what is beside it is no address", arguments: marks)
    func marksOfUnicode(mark: String) throws {
        // The attack: with U+0600 the comma that the proxy appends was part of the client's text.
        for text in [
            "203.0.113.5:\(mark)", "[2001:db8::5]\(mark)", "203.0.113.5\(mark)", "203.0.113.5,\(mark)", mark,
            "203.0.113.5:80\(mark)", "[2001:db8::5\(mark)]",
        ] {
            #expect(try origin(["\(text), 192.0.2.7"]) == "192.0.2.7")
            #expect(try origin(["\(text),192.0.2.7", "10.9.9.9"]) == "192.0.2.7")
            #expect(try origin([text]) == Self.proxy)
            #expect(try origin(["203.0.113.5, \(text), 10.9.9.9"]) == "10.9.9.9")
        }
        for text in [
            "for=203.0.113.5\(mark)", "for=203.0.113.5;host=\"\(mark)", "for=\(mark)203.0.113.5",
            "\(mark)for=203.0.113.5",
            "for\(mark)=203.0.113.5", "for=\(mark)\"203.0.113.5\"", "for=\"203.0.113.5\"\(mark)",
            "for=\"203.0.113.5:\(mark)\"",
        ] {
            #expect(try origin(["\(text), for=192.0.2.7"], field: .forwarded) == "192.0.2.7")
            #expect(try origin(["for=203.0.113.6, \(text)"], field: .forwarded) == Self.proxy)
        }
        // Within a value that is not read, a mark changes nothing.
        let host = "for=192.0.2.7;host=\"\(mark),\(mark);\(mark)for=203.0.113.5\(mark)\""
        #expect(try origin([host], field: .forwarded) == "192.0.2.7")
        #expect(try origin(["for=192.0.2.7;x=\(mark);y=1"], field: .forwarded) == "192.0.2.7")
    }

    @Test("Only the field that the configuration names is read")
    func oneField() throws {
        #expect(try origin(["192.0.2.7"], others: ["for=203.0.113.5"]) == "192.0.2.7")
        #expect(try origin([], others: ["for=203.0.113.5"]) == Self.proxy)
        #expect(try origin(["for=192.0.2.7"], field: .forwarded, others: ["203.0.113.5"]) == "192.0.2.7")
        #expect(try origin([], field: .forwarded, others: ["203.0.113.5"]) == Self.proxy)
    }

    @Test(
        "The field of a peer that is not a trusted proxy is not read",
        arguments: ["192.0.2.1", "2001:db8::1", "11.0.0.1"])
    func untrustedPeers(peer: String) throws {
        let description = try #require(IPAddress(peer)).description
        #expect(try origin(["203.0.113.5"], peer: peer) == description)
        let none = TrustedProxies(.none)
        #expect(none.origin(of: try #require(IPAddress(Self.proxy))) { _ in ["203.0.113.5"] }.description == Self.proxy)
    }

    @Test("A peer with an IPv4-mapped address is the IPv4 proxy")
    func mappedPeers() throws {
        #expect(try origin(["192.0.2.7"], peer: "::ffff:10.0.0.1") == "192.0.2.7")
    }

    @Test("No more than 64 elements are read, and the last one that was read counts")
    func boundedWork() throws {
        func list(_ element: String, _ count: Int) -> String {
            "192.0.2.7," + Array(repeating: element, count: count).joined(separator: ",")
        }
        #expect(try origin([list("10.0.0.2", 63)]) == "192.0.2.7")
        #expect(try origin([list("10.0.0.2", 64)]) == "10.0.0.2")
        #expect(try origin([list("10.0.0.2", 9000)]) == "10.0.0.2")
        #expect(try origin([list("", 63)]) == "192.0.2.7")
        #expect(try origin([list("", 64)]) == Self.proxy)
        #expect(try origin(Array(repeating: "", count: 9000) + ["192.0.2.7"]) == "192.0.2.7")
    }
}
