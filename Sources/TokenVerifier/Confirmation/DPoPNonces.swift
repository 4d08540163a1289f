public import AccessToken
public import Libcrypto

/// The nonces of a resource server for DPoP proofs, RFC 9449 section 9. None is stored: a nonce is the time at which it was
/// made and a MAC of that. It is good for five minutes, for every client.
public struct DPoPNonces: Sendable {
    private static let context = Array("DPoP-Nonce ".utf8)

    private let key: SecretBytes

    /// Nonces that another process does not accept.
    public init() throws(LibcryptoError) { key = try SecretBytes(randomCount: 32) }

    /// Nonces that are good at every replica with the same key.
    ///
    /// - Parameter key: at least 32 random octets, which only the replicas know.
    public init(key: [UInt8]) throws(InvalidValue) {
        guard key.count >= 32 else { throw InvalidValue("has fewer than 32 octets") }
        guard let key = try? SecretBytes(copying: key.span) else { throw InvalidValue("cannot be copied") }
        self.key = key
    }

    /// A nonce that was made now.
    func make(now: NumericDate) throws(LibcryptoError) -> String { try TimedNonce.make(now: now, code: code) }

    /// Whether the nonce is one of these, and is not too old.
    func accept(_ nonce: String, now: NumericDate) throws(LibcryptoError) -> Bool {
        try TimedNonce.time(of: nonce, now: now) { (time) throws(LibcryptoError) in [try code(time)] } != nil
    }

    private func code(_ time: [UInt8]) throws(LibcryptoError) -> [UInt8] {
        try MessageAuthenticationCode.make(for: (Self.context + time).span, key: key, hash: .sha256)
    }
}
