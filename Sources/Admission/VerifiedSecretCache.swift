import AccessToken
package import Libcrypto
package import OAuth
import Synchronization

/// The secrets that passed the check of a password hash, so that the next request with one of them costs microseconds.
///
/// A secret is stored as an HMAC under a key that exists only here. An entry is found by the hash that the secret
/// belongs to, so the entry of a removed client or secret can never be reached, and the cache outlives reloads.
package final class VerifiedSecretCache: Sendable {
    /// Entries of each of two generations: more than one for each client of a large registry.
    package static let standardCapacity = 1 << 17

    private let key: SecretBytes
    private let codes: Mutex<TwoGenerationCache<PasswordHash, [UInt8]>>

    /// - Parameter capacity: entries of each of two generations.
    package init(capacity: Int = standardCapacity) throws(LibcryptoError) {
        key = try SecretBytes(randomCount: 32)
        codes = Mutex(TwoGenerationCache(capacity: capacity))
    }

    /// The cache as the check of a secret uses it.
    package var secrets: VerifiedSecrets {
        VerifiedSecrets(
            code: { (secret) throws(TokenRefusal) in try self.code(for: secret) },
            contains: { self.contains($0, for: $1) }, insert: { self.insert($0, for: $1) })
    }

    private func code(for secret: String) throws(TokenRefusal) -> [UInt8] {
        do throws(LibcryptoError) {
            return try MessageAuthenticationCode.make(for: secret.utf8.span, key: key, hash: .sha256)
        } catch {
            throw .failure(error)
        }
    }

    /// Compares in constant time.
    private func contains(_ code: [UInt8], for hash: PasswordHash) -> Bool {
        let known = codes.withLock { $0[hash] } ?? [UInt8](repeating: 0, count: code.count)
        return ConstantTime.areEqual(known.span, code.span)
    }

    /// One entry for each hash at most, since one secret belongs to it.
    private func insert(_ code: [UInt8], for hash: PasswordHash) {
        codes.withLock { _ = $0.insert(code, for: hash) }
    }
}
