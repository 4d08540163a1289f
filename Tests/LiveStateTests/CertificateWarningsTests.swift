import AccessToken
import Foundation
import ServiceFiles
import SystemPackage
import TestSupport
import Testing

@testable import LiveState

/// What is wrong with TLS files, and what clients refuse about certificates.
@Suite struct CertificateWarningsTests {
    private let folder: TemporaryFolder
    private let now = NumericDate(1_795_426_200)

    init() throws { folder = try TemporaryFolder() }

    private func vector(_ name: String) throws -> String {
        String(decoding: try TestVectors.octets(name), as: UTF8.self)
    }

    private func identity(_ certificate: String, _ key: String) throws(InvalidConfiguration) -> TLSIdentity {
        do {
            try folder.write(certificate, to: "tls.crt")
            try folder.write(key, to: "tls.key")
        } catch {
            throw InvalidConfiguration([Problem(.option("?"), "\(error)")])
        }
        return try TLSIdentity.load(
            certificate: FilePath(folder.path("tls.crt")), privateKey: FilePath(folder.path("tls.key")), .service,
            former: nil)
    }

    private func problems(_ certificate: String, _ key: String) -> [String] {
        do throws(InvalidConfiguration) {
            _ = try identity(certificate, key)
            return []
        } catch {
            return error.problems.map { "\($0.place): \($0.message)".replacing(folder.path(""), with: "") }
        }
    }

    private func warnings(_ name: String, issuer: String, at now: NumericDate) throws -> [String] {
        let identity = try identity(vector("certificates/\(name).pem"), vector("certificates/\(name).key"))
        return try identity.warnings(for: Issuer(issuer), now: now).map(\.message)
    }

    @Test("A certificate that clients accept is no reason for a warning")
    func aGoodCertificate() throws {
        for host in ["tokens.example.com", "a.apps.example.com:8443", "127.0.0.1", "[::1]:8443", "tokens.example.com."]
        {
            #expect(try warnings("good", issuer: "https://\(host)", at: now) == [])
        }
    }

    @Test("A certificate without the issuer's host is warned about")
    func otherNames() throws {
        for host in ["good.example.com", "example.com", "127.0.0.2", "[::2]"] {
            let name = host.filter { !"[]".contains($0) }
            #expect(
                try warnings("good", issuer: "https://\(host)/a", at: now)
                    == ["the certificate does not name the issuer's host, \(name)"])
        }
    }

    @Test("A certificate that has ended or not begun, or that is weak, is warned about")
    func weakCertificates() throws {
        let names = "the certificate does not name the issuer's host, a.example"
        #expect(
            try warnings("ended", issuer: "https://a.example", at: now) == [
                "the certificate ended at 2021-01-01T00:00:00Z",
                "the certificate has an RSA key of 1024 bits, which clients refuse",
                "the certificate is signed with SHA1, which clients refuse", names,
            ])
        #expect(
            try warnings("future", issuer: "https://a.example", at: now) == [
                "the certificate is not valid before 2090-01-01T00:00:00Z",
                "the certificate is signed with MD5, which clients refuse", names,
            ])
        let end = try NumericDate(rfc3339: "2021-01-01T00:00:00Z")
        #expect(try warnings("ended", issuer: "https://a.example", at: end).count == 3)
        #expect(try warnings("ended", issuer: "https://a.example", at: end + .seconds(1)).count == 4)
    }

    @Test("Other certificates of the chain count, but not the signature of a root")
    func chains() throws {
        let chain = try vector("certificates/good.pem") + vector("certificates/ended.pem")
        let identity = try identity(chain, vector("certificates/good.key"))
        #expect(
            try identity.warnings(for: Issuer("https://tokens.example.com"), now: now).map(\.message) == [
                "certificate 2, CN=ended.example.com, ended at 2021-01-01T00:00:00Z",
                "certificate 2, CN=ended.example.com, has an RSA key of 1024 bits, which clients refuse",
            ])
    }

    @Test("What is wrong with a certificate or with a key is said")
    func reasons() throws {
        let certificate = try vector("certificates/good.pem")
        let key = try vector("certificates/good.key")
        let rsa = try vector("keys/rsa-2048.pem")
        #expect(problems(certificate, key) == [])
        #expect(problems(certificate, certificate + key) == [])
        #expect(problems("", key) == ["tls.crt: it is empty"])
        #expect(problems(key, key) == ["tls.crt: it is a private key, not a certificate"])
        #expect(problems("\u{FEFF}" + certificate, key).first?.contains("byte order mark") == true)
        #expect(
            problems(String(certificate.prefix(300)), String(key.prefix(100))) == [
                "tls.crt: its PEM block is cut off: a BEGIN or END line is missing",
                "tls.key: its PEM block is cut off: a BEGIN or END line is missing",
            ])
        #expect(problems(certificate, certificate) == ["tls.key: it is a certificate, not a key"])
        #expect(problems(certificate, "  " + key) == ["tls.key: its BEGIN or END line is indented"])
        #expect(
            problems(certificate, try vector("keys/rsa-2048-encrypted.pem"))
                == ["tls.key: it is encrypted with a passphrase"])
        let file = folder.path("tls.crt").replacing(folder.path(""), with: "")
        #expect(
            problems(certificate, rsa)
                == ["tls.key: is an RSA key, unlike that of the first certificate in \(file)"])
        #expect(
            problems(certificate, try vector("keys/p256.pem"))
                == ["tls.key: is not the key of the first certificate in \(file)"])
        #expect(
            problems(try vector("certificates/ended.pem") + certificate, key)
                == ["tls.key: is the key of certificate number 2 in \(file); the service's own must come first"])
        #expect(problems(certificate, try vector("keys/p256.pem") + key) == ["tls.key: it holds more than one key"])
    }
}
