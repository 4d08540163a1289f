import AccessToken
import Libcrypto
import TestSupport
import Testing

@testable import OAuth

/// How certificates are compared with the subject of a registration, RFC 8705 section 2.1.2.
@Suite struct CertificateSubjectTests {
    typealias Form = CertificateSubject.Form

    private func matches(_ form: Form, _ text: String, _ name: String) throws -> Bool {
        let pem = try TestVectors.octets("certificates/clients/\(name).pem")
        let certificates = try Certificate.readAll(pem: pem.span)
        return try CertificateSubject(form, text).matches(certificates[0])
    }

    @Test(
        "DNS names match in any letter case, all other names octet by octet",
        arguments: [
            (Form.dnsName, "payments.example.com", true), (.dnsName, "PAYMENTS.example.COM", true),
            (.dnsName, "example.com", false), (.dnsName, "a.payments.example.com", false),
            (.uri, "https://example.com/payments", true), (.uri, "https://EXAMPLE.com/payments", false),
            (.uri, "https://example.com/payments/", false), (.uri, "https://example.com/", false),
            (.email, "Payments@example.com", true), (.email, "payments@example.com", false),
            (.address, "192.0.2.7", true), (.address, "192.0.2.8", false), (.address, "2001:db8::7", true),
            (.address, "2001:0DB8:0:0::7", true), (.address, "2001:db8::8", false),
        ])
    func alternativeNames(form: Form, text: String, isMatch: Bool) throws {
        #expect(try matches(form, text, "payments") == isMatch)
    }

    @Test("A name with a NUL, a wildcard, an address as a name and a common name match nothing")
    func hostileNames() throws {
        #expect(try !matches(.dnsName, "payments.example.com", "nul"))
        #expect(try !matches(.uri, "spiffe://example.org/payments", "nul"))
        #expect(try !matches(.dnsName, "payments.example.com", "wildcard"))
        #expect(try !matches(.address, "192.0.2.7", "address-as-name"))
        #expect(try !matches(.dnsName, "payments.example.com", "common-name"))
    }

    @Test("X509-SVID: exactly one URI, in a certificate that is no authority's")
    func svids() throws {
        let id = "spiffe://example.org/payments"
        #expect(try matches(.uri, id, "svid"))
        #expect(try !matches(.uri, "spiffe://example.org/Payments", "svid"))
        #expect(try !matches(.uri, id, "svid-two-uris"))
        #expect(try !matches(.uri, id, "svid-authority"))
        // Another URI is not a SPIFFE ID: several are allowed.
        #expect(try matches(.uri, "https://example.com/payments", "svid-two-uris"))
    }

    @Test(
        "RFC 4514: a distinguished name matches whatever the spacing, by types and values in their order",
        arguments: [
            (#"CN=payments,OU=clients+UID=7,O=Example\, Inc."#, true),
            (#"cn = payments , uid=7 + ou = clients ; 2.5.4.10= Example\2c Inc.  "#, true),
            (#"CN=payments,OU=clients+UID=7,O="Example, Inc.""#, true),
            (#"CN=#0c087061796d656e7473,OU=clients+UID=7,O=Example\, Inc."#, true),
            (#"CN=#13087061796d656e7473,OU=clients+UID=7,O=Example\, Inc."#, false),
            (#"CN=Payments,OU=clients+UID=7,O=Example\, Inc."#, false),
            (#"O=Example\, Inc.,OU=clients+UID=7,CN=payments"#, false),
            (#"CN=payments,OU=clients,O=Example\, Inc."#, false),
            (#"CN=payments,OU=clients,UID=7,O=Example\, Inc."#, false),
            (#"CN=payments"#, false), (#"CN=payments,OU=clients+UID=7,O=Example\, Inc.,C=DE"#, false),
            (#"CN=payments\ ,OU=clients+UID=7,O=Example\, Inc."#, false),
        ])
    func distinguishedNames(text: String, isMatch: Bool) throws {
        #expect(try matches(.distinguishedName, text, "payments") == isMatch)
    }

    @Test(
        "What no certificate can or should have is refused",
        arguments: [
            (Form.distinguishedName, ""), (.distinguishedName, " "), (.distinguishedName, "payments"),
            (.distinguishedName, "CN="), (.distinguishedName, "CN=a,"), (.distinguishedName, "CN=a,,O=b"),
            (.distinguishedName, "XY=a"), (.distinguishedName, "CN=a\\"), (.distinguishedName, "CN=a\\g"),
            (.distinguishedName, "CN=\"a"), (.distinguishedName, "CN=#0"), (.distinguishedName, "CN=#"),
            (.distinguishedName, "CN=a\0"), (.distinguishedName, "2=a"), (.distinguishedName, "CN=a<b"),
            (.dnsName, ""), (.dnsName, "*.example.com"), (.dnsName, "192.0.2.7"), (.dnsName, "2001:db8::7"),
            (.dnsName, "example.com."), (.dnsName, ".example.com"), (.dnsName, "a..b"), (.dnsName, "-a.example.com"),
            (.dnsName, "exa\0mple.com"), (.dnsName, "\u{212A}.example.com"), (.dnsName, "a b"),
            (.uri, ""), (.uri, "payments"), (.uri, "spiffe://example.org"), (.uri, "spiffe://example.org/a/"),
            (.uri, "spiffe://Example.org/a"), (.uri, "https://example.com/\0"),
            (.address, ""), (.address, "example.com"), (.address, "192.0.2.0/24"), (.address, "192.0.2.07"),
            (.email, ""), (.email, "payments"), (.email, "@example.com"), (.email, "payments@"),
            (.email, "pay ments@example.com"), (.email, "a@b\0"),
        ])
    func refused(form: Form, text: String) {
        #expect(throws: InvalidValue.self) { try CertificateSubject(form, text) }
    }
}
