import AccessToken
import JOSE
import Libcrypto
import OAuth
import ServiceFiles
import TestSupport
import Testing
import WireText

@testable import TokenHTTP

/// Certificates of clients in the field of a proxy at 10.0.0.1.
@Suite struct ForwardedCertificateTests {
    private let payments: [UInt8]
    private let intermediate: [UInt8]

    init() throws {
        func der(_ name: String) throws -> [UInt8] {
            let pem = try TestVectors.octets("certificates/clients/\(name).pem")
            return try Certificate.readAll(pem: pem.span)[0].der
        }
        payments = try der("payments")
        intermediate = try der("intermediate")
    }

    private func item(_ der: [UInt8]) -> String { ":\(Base64.encode(der)):" }

    private func encoded(_ ders: [[UInt8]]) -> String {
        let pem = ders.map { der in
            let text = Array(Base64.encode(der))
            let lines = stride(from: 0, to: text.count, by: 64).map { String(text[$0..<min($0 + 64, text.count)]) }
            return "-----BEGIN CERTIFICATE-----\n\(lines.joined(separator: "\n"))\n-----END CERTIFICATE-----\n"
        }.joined()
        return pem.utf8.map { octet in
            ASCII.isLetter(octet) || ASCII.isDigit(octet)
                ? String(UnicodeScalar(octet))
                : "%" + String(Int(octet) + 0x100, radix: 16, uppercase: true).dropFirst()
        }.joined()
    }

    private func certificate(
        _ fields: [String: [String]], _ field: CertificateField?, peer: String = "10.0.0.1", own: [[UInt8]] = []
    ) throws -> PresentedCertificate? {
        let proxies = TrustedProxies(
            TrustedProxySettings(networks: [try IPNetwork("10.0.0.0/8")], certificateField: field))
        let address = try #require(IPAddress(peer))
        return try proxies.certificate(of: address, own) { fields[$0] ?? [] }
    }

    @Test("The certificate of a proxy is not that of a client, if no field is configured for that either")
    func certificateOfTheProxy() throws {
        let forwarded = ["x-forwarded-for": ["192.0.2.1"]]
        #expect(try certificate(forwarded, nil, own: [payments]) == nil)
        #expect(try certificate(forwarded, nil, peer: "192.0.2.1", own: [payments])?.der == payments)
        #expect(try certificate([:], nil, own: [payments])?.der == payments)
    }

    @Test("RFC 9440: Client-Cert is one byte sequence, and Client-Cert-Chain a list of them")
    func clientCert() throws {
        let expected = PresentedCertificate(der: payments, intermediates: [intermediate])
        for line in [item(payments), " \(item(payments))\t"] {
            let fields = ["client-cert": [line], "client-cert-chain": [item(intermediate)]]
            #expect(try certificate(fields, .clientCert) == expected)
        }
        let lists = [["\(item(intermediate)) ,\t\(item(payments))"], [item(intermediate), item(payments)]]
        for list in lists {
            let fields = ["client-cert": [item(payments)], "client-cert-chain": list]
            #expect(try certificate(fields, .clientCert)?.intermediates == [intermediate, payments])
        }
        #expect(try certificate([:], .clientCert) == nil)
        // Without the field a chain is nothing.
        #expect(try certificate(["client-cert-chain": ["x"]], .clientCert) == nil)
    }

    @Test(
        "RFC 9440 section 2.2: Client-Cert has no second value, no parameter, and nothing but base64 of a certificate")
    func malformedClientCert() throws {
        let good = item(payments)
        let lines: [[String]] = [
            [good, good], [good + ", " + good], [good + "," + good], [good + ";a=1"], [good + ";"], ["a" + good], [""],
            [":"], ["::"], [String(good.dropFirst())], [String(good.dropLast())], ["\"\(good)\""],
            [good.dropLast(2) + ":"], [good.dropLast() + "=:"], [":\(Base64.encode(Array(payments.dropLast()))):"],
            [":\(Base64.encode(payments + [0])):"], [item([0x30, 0])], [good.replacing("M", with: "\u{212A}")],
            [item(payments).replacing("MII", with: "MII\u{0301}")], [good + "\u{037E}"],
        ]
        for lines in lines {
            #expect(throws: TokenRefusal(.malformedCertificate), "\(lines)") {
                try certificate(["client-cert": lines], .clientCert)
            }
        }
        for chain in ["", ",", "x", "\(good),", "\(good);a", "\(good) \(good)"] {
            #expect(throws: TokenRefusal(.malformedCertificate), "\(chain)") {
                try certificate(["client-cert": [good], "client-cert-chain": [chain]], .clientCert)
            }
        }
        let many = [String](repeating: item([0x30]), count: 10)
        #expect(throws: TokenRefusal(.malformedCertificate)) {
            try certificate(["client-cert": [good], "client-cert-chain": many], .clientCert)
        }
    }

    private var xfcc: String {
        "Hash=ab;Cert=\"\(encoded([payments]))\";Subject=\"CN=a,O=\\\"b;c\\\"\";URI=;DNS=a;DNS=b"
    }

    @Test("X-Forwarded-Client-Cert: the last element counts, and what was before it may be the client's")
    func forwardedClientCert() throws {
        func read(_ text: String) throws -> PresentedCertificate? {
            try certificate(["x-forwarded-client-cert": [text]], .forwardedClientCert)
        }
        let expected = PresentedCertificate(der: payments)
        #expect(try read(xfcc) == expected)
        #expect(try read(xfcc.replacing("Cert=", with: "cert=")) == expected)
        let own = "Hash=ab;Cert=\"\(encoded([payments]))\";Subject=\"CN=a,O=\\\"b;c\\\"\""
        #expect(try read("Cert=\"\(encoded([intermediate]))\", \(own)") == expected)
        #expect(try read("Cert=\"x\",By=a,\(own)") == expected)
        #expect(try read("By=\"a,Cert=\(encoded([intermediate]))\", \(own)") == expected)
        #expect(try read("By=spiffe://a;Hash=ab;Subject=\"\"") == nil)
        #expect(try read("\(own),By=a") == nil)
        #expect(
            try read("Cert=\"\(encoded([payments]))\";Chain=\"\(encoded([payments, intermediate]))\"")?.intermediates
                == [intermediate])
        #expect(try certificate([:], .forwardedClientCert) == nil)
    }

    @Test(
        "X-Forwarded-Client-Cert: a name in the certificate, which Envoy does not quote, begins no element",
        arguments: ["URI=spiffe://a,", "DNS=a,", "uri=spiffe://a,b;", "URI=spiffe://a;Hash=b,", "URI=spiffe://a;"])
    func namesWithSeparators(name: String) throws {
        let field = "Cert=\"\(encoded([intermediate]))\";\(name)Cert=\"\(encoded([payments]))\""
        #expect(throws: TokenRefusal(.malformedCertificate)) {
            try certificate(["x-forwarded-client-cert": [field]], .forwardedClientCert)
        }
    }

    @Test("X-Forwarded-Client-Cert: two fields, two certificates and what does not parse are refused")
    func malformedForwardedClientCert() throws {
        let own = encoded([payments])
        let lines: [[String]] = [
            [xfcc, xfcc], ["Cert=\"\(own)\";Cert=\"\(own)\""], ["Cert=\"\(own)\";cert=\"\(own)\""],
            ["Cert=\"\(encoded([payments, intermediate]))\""], ["Cert="], ["Cert=\"\""], ["Cert"], ["Cert=\"\(own)"],
            ["Cert=\(own)\""], ["Cert=\"%\""], ["Cert=\"\(own.dropLast(20))\""], [""], [xfcc + ","], [";" + xfcc],
            ["Cert\u{0301}=\"\(own)\""], ["Cert=\"\(own)\"x"], ["Cert=\"\(own)\";Chain=\"x\""],
        ]
        for lines in lines {
            #expect(throws: TokenRefusal(.malformedCertificate), "\(lines)") {
                try certificate(["x-forwarded-client-cert": lines], .forwardedClientCert)
            }
        }
    }

    @Test("Only the field of the configuration counts, only from a trusted proxy, and then not the proxy's certificate")
    func whoMayName() throws {
        let fields = ["client-cert": [item(payments)], "x-forwarded-client-cert": [xfcc]]
        let proxys = [intermediate]
        let own = PresentedCertificate(der: intermediate)
        // From a trusted proxy.
        #expect(try certificate(fields, .clientCert, own: proxys)?.der == payments)
        #expect(try certificate(["x-forwarded-client-cert": [xfcc]], .clientCert, own: proxys) == nil)
        #expect(try certificate(["client-cert": [item(payments)]], .forwardedClientCert, own: proxys) == nil)
        // No field is named: the certificate of the connection.
        #expect(try certificate(fields, nil, own: proxys) == own)
        // From anybody else.
        for field in CertificateField.allCases {
            #expect(try certificate(fields, field, peer: "192.0.2.1") == nil)
            #expect(try certificate(fields, field, peer: "192.0.2.1", own: proxys) == own)
            #expect(try certificate(["client-cert": ["x", "y"]], field, peer: "192.0.2.1") == nil)
        }
    }
}
