import AccessToken
import Foundation
import Libcrypto
import OAuth
import ServiceFiles
import SystemPackage
import TestSupport
import Testing

@testable import LiveState

/// `tls.client_ca`: what is read, what is verified by it, and what of that is kept.
@Suite struct ClientAuthoritiesTests {
    private static let now = NumericDate(1_795_000_000)
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func pem(_ names: [String]) throws -> String {
        try names.map { name in
            String(decoding: try TestVectors.octets("certificates/clients/\(name).pem"), as: UTF8.self)
        }.joined()
    }

    private func load(_ text: String, former: ClientAuthorities? = nil) throws -> ClientAuthorities {
        try folder.write(text, to: "ca.pem")
        return try ClientAuthorities.load(
            CertificateAuthoritiesFile(FilePath(folder.path("ca.pem")), .service), former: former)
    }

    private func fault(
        _ authorities: ClientAuthorities, _ names: [String], at now: NumericDate = now
    ) throws -> CertificatePathError? {
        let all = try Certificate.readAll(pem: Array(pem(names).utf8).span)
        let presented = PresentedCertificate(der: all[0].der, intermediates: all.dropFirst().map(\.der))
        return authorities.path.fault(all[0], presented, now)
    }

    @Test(
        "A certificate that was verified is verified again when a date of its path has passed, or the file has changed")
    func verifiedCertificates() throws {
        let authorities = try load(pem(["root"]))
        #expect(try fault(authorities, ["payments"]) == nil)
        // From the cache.
        #expect(try fault(authorities, ["payments"]) == nil)
        #expect(try fault(authorities, ["payments"], at: NumericDate(4_733_510_400)) == .expired)
        #expect(try fault(authorities, ["payments"], at: NumericDate(0)) == .notYetValid)
        #expect(try load(pem(["root"]), former: authorities) === authorities)
        let others = try load(pem(["other-root"]), former: authorities)
        #expect(others !== authorities)
        #expect(try fault(others, ["payments"]) != nil)
        #expect(try fault(others, ["impostor"]) == nil)
    }

    @Test("A refused certificate is refused again, and no cached one stands for it")
    func refusedCertificates() throws {
        let authorities = try load(pem(["root"]))
        #expect(try fault(authorities, ["payments"]) == nil)
        for _ in 0..<2 { #expect(try fault(authorities, ["impostor"]) != nil) }
    }

    /// A resumed connection has the client's own certificate alone.
    @Test("Intermediate certificates of a handshake are kept if an authority has signed them, and no others")
    func intermediates() throws {
        func der(_ names: [String]) throws -> [[UInt8]] {
            try Certificate.readAll(pem: Array(pem(names).utf8).span).map(\.der)
        }
        let authorities = try load(pem(["root"]))
        #expect(try fault(authorities, ["below-intermediate"]) != nil)
        authorities.keepIntermediates(of: try der(["impostor", "other-root", "self-signed"]), now: Self.now)
        authorities.keepIntermediates(of: try der(["payments", "svid"]) + [[1]], now: Self.now)
        // Nobody has signed what a stranger shows beside an intermediate certificate, which is public.
        authorities.keepIntermediates(of: try der(["impostor", "intermediate"]), now: Self.now)
        #expect(authorities.intermediateCount == 0)
        for _ in 0..<2 {
            authorities.keepIntermediates(of: try der(["below-intermediate", "intermediate"]), now: Self.now)
        }
        #expect(authorities.intermediateCount == 1)
        #expect(try fault(authorities, ["below-intermediate"]) == nil)
    }

    @Test("What is wrong with the file is reported with the line of the certificate")
    func problems() throws {
        func problem(_ text: String) throws -> String {
            let error = #expect(throws: InvalidConfiguration.self) { try load(text) }
            let problem = try #require(error?.problems.first)
            return "\(problem.place): \(problem.message)".replacing(folder.path("ca.pem"), with: "ca.pem")
        }
        let root = try pem(["root"])
        let lines = root.split(separator: "\n").count
        #expect(
            try problem(root + pem(["self-signed"]))
                == "ca.pem:\(lines + 1): CN=self is not the certificate of an authority")
        let damaged = root + root.replacing("MII", with: "AAA")
        #expect(try problem(damaged).hasPrefix("ca.pem:\(lines + 1): its certificate number 2 does not decode"))
        #expect(try problem("").hasPrefix("ca.pem: "))
        #expect(
            try problem("-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n").hasPrefix("ca.pem: it is a"))
    }
}
