import Libcrypto
import SystemPackage

/// Why a private key cannot be used with the certificates of a file.
enum TLSKeyMismatch {
    /// A human-readable description of what is wrong with the key.
    static func reason(_ keyFile: SecretBytes, _ certificates: [Certificate], _ path: FilePath) -> String {
        let key: PrivateKey
        do throws(KeyError) { key = try PrivateKey(pem: keyFile) } catch {
            if error == .severalKeys { return error.description }
            return "is not the key of the first certificate in \(path), or cannot be used with it"
        }
        switch certificates.firstIndex(where: { $0.isCertificate(of: key) }) {
        case nil where key.isRSA != (certificates.first?.rsaBits != nil):
            return "is \(key.isRSA ? "an" : "not an") RSA key, unlike that of the first certificate in \(path)"
        case nil: return "is not the key of the first certificate in \(path)"
        case 0: return "cannot be used with the first certificate in \(path)"
        case .some(let index):
            return "is the key of certificate number \(index + 1) in \(path); the service's own must come first"
        }
    }
}

extension PrivateKey {
    fileprivate var isRSA: Bool { if case .rsa = type { true } else { false } }
}
