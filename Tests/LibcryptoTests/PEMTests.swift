import Foundation
import Libcrypto
import TestSupport
import Testing

/// The reasons a PEM text cannot be read.
@Suite struct PEMTests {
    private static func text(_ name: String) throws -> String {
        String(decoding: try TestVectors.octets("keys/\(name)"), as: UTF8.self)
    }

    private static func privateKeyError(_ text: String, passphrase: String? = nil) throws -> KeyError? {
        let octets = Array(text.utf8)
        let pem = try SecretBytes(copying: octets.span)
        let passphrase = try passphrase.map { try Passphrase(SecretBytes(copying: Array($0.utf8).span)) }
        do throws(KeyError) {
            _ = try PrivateKey(pem: pem, passphrase: passphrase)
            return nil
        } catch {
            return error
        }
    }

    private static func publicKeyError(_ text: String) -> KeyError? {
        let octets = Array(text.utf8)
        do throws(KeyError) {
            _ = try PublicKey(pem: octets.span)
            return nil
        } catch {
            return error
        }
    }

    private static func certificateError(_ text: String) -> CertificateError? {
        let octets = Array(text.utf8)
        do throws(CertificateError) {
            _ = try Certificate.readAll(pem: octets.span)
            return nil
        } catch {
            return error
        }
    }

    /// A way to damage a text, and what is then wrong with it.
    struct Damage: Sendable {
        let fault: PEMFault
        let change: @Sendable (String) -> String

        init(_ fault: PEMFault, _ change: @escaping @Sendable (String) -> String) {
            self.fault = fault
            self.change = change
        }

        static func replacing(_ text: String, with other: String, _ fault: PEMFault) -> Damage {
            Damage(fault) { $0.replacingOccurrences(of: text, with: other) }
        }
    }

    private static let damages = [
        Damage(.empty) { _ in "" }, Damage(.empty) { _ in " \n\n" }, Damage(.noBlock) { _ in "half a key" },
        Damage(.noBlock) { $0.components(separatedBy: "\n")[1] },
        Damage(.byteOrderMark) { "\u{FEFF}" + $0 },
        Damage(.indented) { "  " + $0.replacingOccurrences(of: "\n", with: "\n  ") },
        .replacing("-----END", with: "\t-----END", .indented), .replacing("\n", with: "\r", .carriageReturns),
        .replacing("\n", with: "\\n", .joinedLines), .replacing("\n", with: " ", .joinedLines),
        Damage(.joinedLines) { "key: " + $0 }, .replacing("-----\n", with: "----\n", .brokenBoundary),
        Damage(.cutOff) { String($0.prefix($0.count / 2)) },
        Damage(.cutOff) { $0.components(separatedBy: "\n").dropFirst().joined(separator: "\n") },
        Damage(.cutOff) { String($0.prefix($0.count / 2)) + "\n" + $0 },
        .replacing("-----END ", with: "-----END X ", .mismatchedLabels),
        .replacing("\nMI", with: "\n*!", .undecodable), Damage(.undecodable, withoutLines),
    ]

    /// Two lines of the contents are missing.
    @Sendable private static func withoutLines(_ text: String) -> String {
        let lines = text.components(separatedBy: "\n")
        return (lines.prefix(3) + lines.dropFirst(5)).joined(separator: "\n")
    }

    @Test("Damaged PEM is reported by what is damaged, for private keys and public keys", arguments: damages.indices)
    func damagedKeys(index: Int) throws {
        let (fault, change) = (Self.damages[index].fault, Self.damages[index].change)
        let privateKey = try Self.privateKeyError(change(Self.text("rsa-2048.pem")))
        #expect(privateKey == .malformedPEM(fault))
        let publicKey = Self.publicKeyError(change(try Self.text("rsa-2048.pub.pem")))
        #expect(publicKey == .malformedPEM(fault))
        let certificate = Self.certificateError(change(try Self.text("certificate.pem")))
        #expect(certificate == (fault == .undecodable ? .undecodable(position: 1) : .malformedPEM(fault)))
    }

    @Test("DER and UTF-16 are called what they are")
    func otherForms() throws {
        let pem = try Self.text("rsa-2048.pem")
        let base64 = pem.components(separatedBy: "\n").filter { !$0.hasPrefix("-") }.joined()
        let binary = try #require(Data(base64Encoded: base64))
        let utf16 = try #require(pem.data(using: .utf16))
        for (fault, data) in [(PEMFault.binary, binary), (.utf16, utf16)] {
            let octets = Array(data)
            let contents = try SecretBytes(copying: octets.span)
            #expect(throws: KeyError.malformedPEM(fault)) { try PrivateKey(pem: contents) }
        }
    }

    @Test("Windows line ends, text around a block and blanks behind a line are fine")
    func harmlessForms() throws {
        let key = try Self.text("rsa-2048.pem")
        #expect(try Self.privateKeyError(key.replacingOccurrences(of: "\n", with: "\r\n")) == nil)
        #expect(try Self.privateKeyError("A key\n" + key + "and more\n-----END X-----\n") == nil)
        #expect(try Self.privateKeyError(key.replacingOccurrences(of: "-----\n", with: "----- \n")) == nil)
        #expect(try Self.privateKeyError(key.trimmingCharacters(in: .newlines)) == nil)
    }

    @Test("A file with more than one key, or with something in front of the key, is refused with that reason")
    func severalBlocks() throws {
        let key = try Self.text("rsa-2048.pem")
        let certificate = try Self.text("certificate.pem")
        let publicKey = try Self.text("rsa-2048.pub.pem")
        let sec1 = try Self.text("p256-sec1.pem")
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        #expect(try Self.privateKeyError(key + key) == .severalKeys)
        #expect(try Self.privateKeyError(key + certificate + sec1) == .severalKeys)
        #expect(try Self.privateKeyError(certificate + key) == .precededBy("CERTIFICATE"))
        #expect(try Self.privateKeyError(publicKey + key) == .precededBy("PUBLIC KEY"))
        #expect(try Self.privateKeyError(key + certificate) == nil)
        #expect(try Self.privateKeyError(parameters + sec1) == nil)
        #expect(Self.publicKeyError(publicKey + publicKey) == .severalKeys)
        #expect(Self.publicKeyError(key + publicKey) == .precededBy("PRIVATE KEY"))
        #expect(KeyError.precededBy("CERTIFICATE").description == "it holds a certificate in front of the key")
        #expect(KeyError.severalKeys.description == "it holds more than one key")
    }

    @Test(
        "A file that holds something else is called by what it holds",
        arguments: [
            ("PRIVATE KEY", "it is a private key, not a public one"),
            ("EC PRIVATE KEY", "it is a private key, not a public one"),
            ("CERTIFICATE", "it is a certificate, not a key"),
            ("RSA PUBLIC KEY", "it is a public key in PKCS#1, not in SubjectPublicKeyInfo"),
            ("OPENSSH PRIVATE KEY", "it is a private key in the format of OpenSSH, not in PKCS#8"),
            ("X509 CRL", "it is a PEM block labelled X509 CRL, not a key that can be used here"),
        ])
    func otherContents(label: String, reason: String) {
        let text = "-----BEGIN \(label)-----\nAAAA\n-----END \(label)-----\n"
        #expect(Self.publicKeyError(text)?.description == reason)
    }

    @Test(
        "A key that is encrypted with an old algorithm is not said to have another passphrase",
        arguments: ["rsa-2048-pbes1-des.pem", "rsa-2048-traditional-des.pem"])
    func oldCiphers(name: String) throws {
        let text = try Self.text(name)
        #expect(try Self.privateKeyError(text, passphrase: "correct horse") == .unsupportedCipher)
        #expect(try Self.privateKeyError(text) == .encrypted)
        #expect(KeyError.unsupportedCipher.description == "it is encrypted with an old algorithm that is not supported")
    }

    @Test("A key of a kind that libcrypto does not know is not said to be damaged")
    func unknownKinds() throws {
        // The algorithm of an Ed25519 key is 1.3.101.112; 1.3.101.126 has no meaning.
        let key = try Self.text("ed25519.pem").components(separatedBy: "\n")
        var octets = Array(try #require(Data(base64Encoded: key[1])))
        let index = try #require(octets.indices.first { octets[$0...].starts(with: [0x2B, 0x65, 0x70]) })
        octets[index + 2] = 0x7E
        let changed = "\(key[0])\n\(Data(octets).base64EncodedString())\n\(key[2])\n"
        #expect(try Self.privateKeyError(changed) == .unsupportedType)
    }

    @Test("A certificate is read with what clients look at")
    func readsCertificates() throws {
        func certificate(_ name: String) throws -> Certificate {
            let octets = try TestVectors.octets("certificates/\(name).pem")
            return try #require(try Certificate.readAll(pem: octets.span).first)
        }
        let good = try certificate("good")
        #expect(good.start == 1_577_836_800 && good.end == 4_733_510_400)
        #expect(good.rsaBits == nil && good.signatureHash == "SHA256" && good.securityBits == 128)
        #expect(good.subject == "CN=good.example.com" && good.isSelfIssued)
        for host in ["tokens.example.com", "Tokens.Example.com", "a.apps.example.com", "127.0.0.1", "::1"] {
            #expect(good.isCertificate(ofHost: host), "\(host)")
        }
        // Its subject is no name of a host.
        for host in ["good.example.com", "example.com", "a.b.apps.example.com", "127.0.0.2", ""] {
            #expect(!good.isCertificate(ofHost: host), "\(host)")
        }
        let ended = try certificate("ended")
        #expect(ended.rsaBits == 1024 && ended.signatureHash == "SHA1")
        #expect(try certificate("future").signatureHash == "MD5")
        let keyOctets = try TestVectors.octets("keys/rsa-2048.pem")
        let ownKey = try PrivateKey(pem: SecretBytes(copying: keyOctets.span))
        let own = try TestVectors.octets("keys/certificate.pem")
        let ownCertificate = try #require(try Certificate.readAll(pem: own.span).first)
        #expect(ownCertificate.isCertificate(of: ownKey))
        #expect(!good.isCertificate(of: ownKey))
    }

    @Test("All certificates of a file are read, and the one that does not decode is named by its position")
    func readsChains() throws {
        let certificate = try Self.text("certificate.pem")
        let octets = Array((certificate + "text\n" + certificate).utf8)
        let certificates = try Certificate.readAll(pem: octets.span)
        #expect(certificates.count == 2)
        let broken = certificate.replacingOccurrences(of: "\nMI", with: "\n*!")
        #expect(Self.certificateError(certificate + broken) == .undecodable(position: 2))
        #expect(
            Self.certificateError(try Self.text("rsa-2048.pem"))?.description
                == "it is a private key, not a certificate")
    }
}
