import Foundation
import JOSE
import Libcrypto
import OAuth

@testable import ServiceFiles

/// What a key file holds: PEM, or the text of a sealing key.
///
/// An input is the text of a file; and where it begins as DER does, what base64 encodes in one.
struct PEMTarget: FuzzTarget {
    private static let labels = [
        "PRIVATE KEY", "PUBLIC KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
    ]
    /// That of the encrypted keys in Seeds/pem.
    private let passphrase: Passphrase

    init() throws {
        passphrase = try Passphrase(SecretBytes(copying: Array("correct horse".utf8).span))
    }

    func parse(_ octets: [UInt8]) {
        _ = try? PublicKey(pem: octets.span)
        if let text = try? SecretBytes(copying: octets.span) { _ = try? PrivateKey(pem: text) }
    }

    func run(_ input: Input) throws {
        try check(file: input.octets)
        guard input.octets.first == 0x30 else { return }
        for label in Self.labels { try check(file: Self.pem(label, input.octets)) }
    }

    private func check(file: [UInt8]) throws {
        if let key = try? PublicKey(pem: file.span) { try check(key) }
        let text = try SecretBytes(copying: file.span)
        if let key = (try? PrivateKey(pem: text)) ?? (try? PrivateKey(pem: text, passphrase: passphrase)) {
            try check(key)
        }
        if let key = try SealingKeyText.decode(text) {
            let again = try SealingKeyText.decode(try SealingKeyText.encode(key))
            require(again.map(Self.octets) == Self.octets(key), "a sealing key that is written is read as the same")
        }
    }

    private func check(_ key: PrivateKey) throws {
        guard let publicKey = try? key.publicKey else { return }
        try check(publicKey)
        let again = try PrivateKey(pem: try key.pem())
        require(try again.publicKey.components == publicKey.components, "a private key that is written is the same")
        for algorithm in SignatureAlgorithm.offered where algorithm.accepts(key.type) {
            guard let context = try? SigningContext(key: key, scheme: algorithm.scheme),
                let signature = try? context.sign(Self.probe.span)
            else { continue }
            // Whether it is valid is for the keys folder to find out: the halves need not belong together.
            _ = try? publicKey.isValid(signature.span, for: Self.probe.span, scheme: algorithm.scheme)
        }
    }

    private func check(_ key: PublicKey) throws {
        let again = try PublicKey(pem: try key.pem().utf8.span)
        require(again.components == key.components, "a public key that is written is the same")
        _ = try JWK(key, keyID: nil, algorithm: nil).thumbprint()
    }

    private static let probe = Array("Writ".utf8)

    private static func octets(_ secret: SecretBytes) -> [UInt8] {
        secret.withBytes { bytes in bytes.indices.map { bytes[$0] } }
    }

    private static func pem(_ label: String, _ der: [UInt8]) -> [UInt8] {
        let lines = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return Array("-----BEGIN \(label)-----\n\(lines)\n-----END \(label)-----\n".utf8)
    }
}
