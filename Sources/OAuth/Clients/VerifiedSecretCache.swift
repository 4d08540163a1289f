import Libcrypto
import Synchronization

/// Secrets that passed a slow check, so that the next request with the same one costs microseconds.
///
/// What is held is an HMAC under a key that exists only here. It goes with the registry, at the next reload.
final class VerifiedSecretCache: Sendable {
    private let key: SecretBytes
    /// One entry for each hash at most, since one secret belongs to it.
    private let codes = Mutex<[PasswordHash: [UInt8]]>([:])

    init() throws(LibcryptoError) {
        key = try SecretBytes(randomCount: 32)
    }

    /// What stands for `secret` here.
    func code(for secret: String) throws(LibcryptoError) -> [UInt8] {
        try MessageAuthenticationCode.make(for: secret.utf8.span, key: key, hash: .sha256)
    }

    /// Whether the secret with this code has passed the check of `hash`; compared in constant time.
    func holds(_ code: [UInt8], for hash: PasswordHash) -> Bool {
        let remembered = codes.withLock { $0[hash] } ?? [UInt8](repeating: 0, count: code.count)
        return ConstantTime.areEqual(remembered.span, code.span)
    }

    func remember(_ code: [UInt8], for hash: PasswordHash) {
        codes.withLock { $0[hash] = code }
    }
}
