import AccessToken
import TestSupport
import Testing

@testable import TokenVerifier

/// The certificate of a client, as a connection or a proxy has it.
@Suite struct ClientCertificateTests {
    private let pem: String
    private let certificate: ClientCertificate
    private let base64: String

    init() throws {
        pem = String(decoding: try TestVectors.octets("certificates/good.pem"), as: UTF8.self)
        certificate = try ClientCertificate(pem: pem)
        base64 = pem.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
    }

    @Test("The certificate of a PEM text is its DER, whatever stands around it")
    func pemTexts() throws {
        #expect(certificate.der.count > 200 && certificate.der[0] == 0x30)
        for text in ["a comment\n\(pem)", pem.replacing("\n", with: "\r\n"), pem + pem] {
            #expect(try ClientCertificate(pem: text) == certificate)
        }
        for text in [
            "", "a", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
            pem.replacing("-----END CERTIFICATE-----", with: ""), pem.replacing("CERTIFICATE", with: "PUBLIC KEY"),
            "-----BEGIN CERTIFICATE-----\nA===\n-----END CERTIFICATE-----\n",
        ] { #expect(throws: InvalidValue.self, "\(text)") { try ClientCertificate(pem: text) } }
    }

    @Test("RFC 9440 section 2.1: Client-Cert is one byte sequence")
    func clientCert() {
        for field in [":\(base64):", " :\(base64): ", ":\(base64):;a=b"] {
            #expect(ClientCertificate(clientCert: [field]) == certificate)
        }
        for fields in [
            [], [base64], [":\(base64)"], ["\(base64):"], ["::"], [":"], [""], [":*:"], [":\(base64):", ":\(base64):"],
            [":\(base64):, :\(base64):"], ["\"\(base64)\""],
        ] { #expect(ClientCertificate(clientCert: fields) == nil, "\(fields)") }
        for mark in UnicodeMarks.all {
            for field in UnicodeMarks.variants(of: ":\(base64):", at: ":", with: mark) {
                #expect(ClientCertificate(clientCert: [field]) == nil)
            }
        }
    }

    @Test("X-Forwarded-Client-Cert: the certificate of the last element counts, and no other")
    func forwardedClientCert() {
        let escaped = pem.utf8.map { octet in
            octet == 0x0A
                ? "%0A" : octet == 0x2B ? "%2B" : octet == 0x20 ? "%20" : String(UnicodeScalar(octet))
        }.joined()
        let element = #"By=spiffe://a;Hash=00;Cert="\#(escaped)";Subject="CN=a,O=b";URI=spiffe://c"#
        let forged = #"By=x;Cert="-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----""#
        // Without names that Envoy does not quote.
        let own = #"By=x;Hash=00;Cert="\#(escaped)";Subject="CN=a,O=b""#
        for fields in [
            [element], [#"\#(forged),\#(own)"#], [#"cert="\#(escaped)""#],
            [#"Subject="a;Cert=b";Cert="\#(escaped)""#],
        ] { #expect(ClientCertificate(forwardedClientCert: fields) == certificate, "\(fields)") }
        for fields in [
            [], [""], ["Hash=00"], ["\(element),Hash=00"], ["\(own),Hash=00"],
            // A name in a certificate that begins an element, or a second `Cert`.
            [#"\#(forged);URI=spiffe://a,Cert="\#(escaped)""#], [#"\#(forged);dns=a,\#(own)"#],
            // Two fields: which of them the proxy has written is not known.
            [forged, element], [element, forged], [own, own],
            [#"\#(forged);URI=spiffe://a;Cert="\#(escaped)""#], [element, "Hash=00"], ["\(element);\(element)"],
            ["Cert=\"\(escaped)"], ["Cert=\"%\""], ["Cert"],
        ] { #expect(ClientCertificate(forwardedClientCert: fields) == nil, "\(fields)") }
    }
}
