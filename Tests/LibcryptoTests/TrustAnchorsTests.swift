import CLibcrypto
import TestSupport
import Testing

@testable import Libcrypto

/// Paths from certificates of clients to an authority, RFC 5280 section 6.1. The vectors are valid from 2020 to 2120.
@Suite struct TrustAnchorsTests {
    private static let now: Int64 = 1_795_000_000

    private func certificate(_ name: String) throws -> Certificate {
        let pem = try TestVectors.octets("certificates/clients/\(name).pem")
        return try Certificate.readAll(pem: pem.span)[0]
    }

    private func error(
        _ name: String, through others: [String] = [], to anchors: [String] = ["root"],
        for purpose: TrustAnchors.Purpose = .client, at now: Int64 = now
    ) throws -> CertificatePathError? {
        let store = try TrustAnchors(anchors.map { try certificate($0) })
        let rest = try others.map { try certificate($0) }
        return Self.error(try certificate(name), rest, store, purpose, now)
    }

    private static func error(
        _ certificate: Certificate, _ others: [Certificate], _ anchors: TrustAnchors, _ purpose: TrustAnchors.Purpose,
        _ now: Int64
    ) -> CertificatePathError? {
        do throws(CertificatePathError) {
            _ = try anchors.verify(certificate, through: others, for: purpose, at: now)
            return nil
        } catch {
            return error
        }
    }

    @Test("A path is found through the intermediate certificates that are given, and through none that is missing")
    func paths() throws {
        #expect(try error("payments") == nil)
        #expect(try error("below-intermediate", through: ["intermediate"]) == nil)
        #expect(
            try error("below-intermediate")
                == .untrusted(reason: X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY))
        #expect(try error("below-intermediate", through: ["constrained", "root"]) != nil)
    }

    @Test("An intermediate authority may be an anchor without its root")
    func partialPaths() throws {
        #expect(try error("below-intermediate", to: ["intermediate"]) == nil)
        #expect(try error("payments", to: ["intermediate"]) != nil)
    }

    @Test("An authority with the name of a trusted one and another key is not trusted")
    func otherKeys() throws {
        #expect(try error("impostor") == .untrusted(reason: X509_V_ERR_CERT_SIGNATURE_FAILURE))
        #expect(try error("impostor", through: ["other-root"]) != nil)
        #expect(try error("impostor", to: ["other-root"]) == nil)
        #expect(try error("payments", to: ["other-root"]) != nil)
        #expect(try error("self-signed") != nil)
        #expect(try error("payments", to: []) != nil)
    }

    @Test("A path is valid from the last beginning of its certificates to the first end, and not in that second")
    func times() throws {
        #expect(try error("expired") == .expired)
        #expect(try error("future") == .notYetValid)
        let anchors = try TrustAnchors([certificate("root")])
        let times = try anchors.verify(certificate("payments"), through: [], for: .client, at: Self.now)
        #expect(times == 1_577_836_800..<4_733_510_400)
        #expect(try error("payments", at: times.lowerBound) == nil)
        #expect(try error("payments", at: times.lowerBound - 1) == .notYetValid)
        #expect(try error("payments", at: times.upperBound - 1) == nil)
        #expect(try error("payments", at: times.upperBound) == .expired)
    }

    @Test("A certificate for servers, one with a short key and one outside of a name constraint are refused")
    func rules() throws {
        #expect(try error("server") == .untrusted(reason: X509_V_ERR_INVALID_PURPOSE))
        #expect(try error("short") == .untrusted(reason: X509_V_ERR_EE_KEY_TOO_SMALL))
        #expect(try error("inside-constraint", through: ["constrained"]) == nil)
        #expect(
            try error("outside-constraint", through: ["constrained"])
                == .untrusted(reason: X509_V_ERR_PERMITTED_VIOLATION))
    }

    @Test("A certificate that is not an authority's signs no other, and is no intermediate")
    func authorities() throws {
        #expect(try error("intermediate", for: .authority) == nil)
        #expect(try error("payments", for: .authority) == .notAnAuthority)
        #expect(try error("other-root", for: .authority) != nil)
        #expect(try certificate("root").isAuthority)
        #expect(try !certificate("payments").isAuthority)
    }

    @Test("A certificate in DER is read whole, without octets behind it")
    func der() throws {
        let der = try certificate("payments").der
        #expect(try Certificate(der: der.span).der == der)
        for octets in [der + [0], Array(der.dropLast()), [], Array(repeating: 0x30, count: 40 * 1024)] {
            #expect(throws: CertificateError.undecodable(position: 1)) { try Certificate(der: octets.span) }
        }
    }

    @Test("The names of a certificate are octets: a NUL ends none of them, and each attribute is in its place")
    func names() throws {
        let nul = try certificate("nul").alternativeNames
        #expect(nul.dnsNames == [Array("payments.example.com\0.attacker.example".utf8)])
        #expect(nul.uris == [Array("spiffe://example.org/payments\0".utf8)])
        let all = try certificate("payments").alternativeNames
        #expect(all.addresses == [[192, 0, 2, 7], [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7]])
        #expect(all.emails == [Array("Payments@example.com".utf8)])
        #expect(try certificate("common-name").alternativeNames == AlternativeNames())
        let subject = try certificate("payments").subjectName
        #expect(
            subject.map { Set($0.map(\.type)) }
                == [["2.5.4.10"], ["2.5.4.11", "0.9.2342.19200300.100.1.1"], ["2.5.4.3"]])
        #expect(subject[0][0].value == Array("Example, Inc.".utf8))
        #expect(subject[2][0].der == [0x0C, 8] + Array("payments".utf8))
    }

    @Test("A certificate has the key that it was made for, and no other")
    func keys() throws {
        let key = try certificate("self-signed").publicKey()
        #expect(try certificate("self-signed-renewed").hasKey(key))
        #expect(try !certificate("self-signed-other").hasKey(key))
    }
}
