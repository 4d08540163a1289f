import AccessToken
import OAuth
import Testing
import WireText

@Suite struct IPAddressTests {
    @Test(
        "RFC 4291 section 2.2: an address is read in each of its forms",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("::", "::"), ("::1", "::1"),
            ("2001:db8::17", "2001:db8::17"), ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
            ("::ffff:192.0.2.1", "192.0.2.1"), ("::13.1.68.3", "::d01:4403"),
            ("fe80::", "fe80::"), ("2001:0db8::0001", "2001:db8::1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("0:0:1::", "0:0:1::"), ("1::2:0:0", "1::2:0:0"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ])
    func reads(_ text: String, _ description: String) {
        #expect(IPAddress(text)?.description == description)
    }

    @Test(
        "A text that is not an address is refused, also with characters that look like separators",
        arguments: [
            "", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "+1.2.3.4", "1.2.3.4 ", ":", ":::",
            "1::2::3",
            "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "::1.2.3.4:5", "1.2.3.4::",
            "::1%eth0",
            "[::1]", "192.0.2.1:80", "1\u{600}.2.3.4", "1.\u{301}2.3.4", "::\u{301}1", "\u{ff11}.2.3.4",
        ])
    func refuses(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("An address block holds the addresses that share its prefix, and no others")
    func blocks() throws {
        let network = try IPNetwork("10.0.0.0/8")
        #expect(try network.contains(#require(IPAddress("10.255.0.1"))))
        #expect(try !network.contains(#require(IPAddress("11.0.0.1"))))
        #expect(try !network.contains(#require(IPAddress("::1"))))
        #expect(throws: (any Error).self) { try IPNetwork("10.0.0.1/8") }
        #expect(throws: (any Error).self) { try IPNetwork("10.0.0.0/33") }
        #expect(throws: (any Error).self) { try IPNetwork("10.0.0.0/\u{600}8") }
    }

    @Test(
        "A prefix of an address block is a number in decimal digits",
        arguments: ["+8", " 8", "-1", "", "8/8", "\u{661}"])
    func prefixes(length: String) {
        #expect(throws: (any Error).self) { try IPNetwork("10.0.0.0/\(length)") }
    }
}

/// The part of an address that one party controls.
@Suite struct AddressBlockTests {
    private func block(_ text: String) throws -> AddressBlock { try #require(IPAddress(text)).block }

    @Test("IPv6 addresses with the same first 64 bits count as one")
    func anIPv6NetworkIsOneParty() throws {
        #expect(try block("2001:db8:0:1::1") == block("2001:db8:0:1:ffff:ffff:ffff:ffff"))
        #expect(try block("2001:db8:0:1::1") != block("2001:db8:0:2::1"))
        #expect(try block("0.0.0.1") != block("0:0:0:1::"))
    }

    @Test(
        "An IPv4 address in an IPv6 address counts as that IPv4 address",
        arguments: [
            "::ffff:192.0.2.33", "64:ff9b::192.0.2.33", "64:ff9b::c000:221", "64:ff9b:1::192.0.2.33",
            "64:ff9b:1:fffe::192.0.2.33", "2002:c000:221::1", "2002:c000:221:ffff:1:2:3:4",
            "2001:0:4136:e378:8000:63bf:3fff:fdde",
            // RFC 6052 section 2.4, with the prefix of RFC 8215: 48, 56 and 64 bits.
            "64:ff9b:1:c000:2:2100::", "64:ff9b:1:01c0:0:221::", "64:ff9b:1:100:c0:2:2100::",
        ])
    func embedded(text: String) throws {
        #expect(try block(text) == block("192.0.2.33"))
    }

    @Test(
        "Other addresses with the octets of an IPv4 address stay IPv6",
        arguments: [
            "2001:db8::192.0.2.33", "::192.0.2.33", "64:ff9b:2::192.0.2.33", "64:ff9b:0:1::192.0.2.33",
            "2003:c000:221::",
            "2001:1::3fff:fdde", "::fffe:192.0.2.33",
        ])
    func notEmbedded(text: String) throws {
        #expect(try block(text) != block("192.0.2.33"))
    }

    @Test("IPv4 addresses behind one NAT64 prefix are different parties")
    func neighboursBehindATranslator() throws {
        #expect(try block("64:ff9b::192.0.2.33") != block("64:ff9b::192.0.2.34"))
        #expect(try block("64:ff9b::192.0.2.33").network != block("64:ff9b::192.0.2.34").network)
    }

    @Test("The network of an IPv6 address is its first 48 bits, and that of an IPv4 address is the address")
    func networks() throws {
        #expect(try block("2001:db8:1:2::1").network == block("2001:db8:1:ffff::1").network)
        #expect(try block("2001:db8:1:2::1").network != block("2001:db8:2:2::1").network)
        #expect(try block("192.0.2.33").network == block("192.0.2.33"))
        #expect(try block("192.0.2.33").network != block("192.0.2.34").network)
    }
}
