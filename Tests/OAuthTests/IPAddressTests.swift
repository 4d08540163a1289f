import OAuth
import Testing
import WireText

@Suite struct IPAddressTests {
    @Test(
        "RFC 4291 section 2.2: an address is read in each of its forms",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("::", "0:0:0:0:0:0:0:0"), ("::1", "0:0:0:0:0:0:0:1"),
            ("2001:db8::17", "2001:db8:0:0:0:0:0:17"), ("2001:DB8:0:0:8:800:200C:417A", "2001:db8:0:0:8:800:200c:417a"),
            ("::ffff:192.0.2.1", "192.0.2.1"), ("::13.1.68.3", "0:0:0:0:0:0:d01:4403"),
            ("fe80::", "fe80:0:0:0:0:0:0:0"),
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
}
