public import AccessToken
import JOSE
public import Libcrypto

/// One secret of a client, as it is kept.
public struct ClientSecret: Sendable {
    /// `hash`
    package let hash: ClientSecretHash
    /// The first moment at which it is no longer accepted; `nil` for a secret that does not expire.
    package let expiresAt: NumericDate?

    /// An entry of `client_secrets`: `hash` and `expires_at`.
    ///
    /// - Parameter expiresAt: the first moment at which it is no longer accepted; `nil` if it does not expire.
    public init(hash: ClientSecretHash, expiresAt: NumericDate? = nil) {
        self.hash = hash
        self.expiresAt = expiresAt
    }

    /// Whether it is still accepted at `now`.
    package func isCurrent(at now: NumericDate) -> Bool {
        expiresAt.map { now < $0 } ?? true
    }
}

/// What is kept of a client's secret.
///
/// One fast digest is right for the secrets that Writ makes: 256 random bits cannot be searched, however fast the hash is.
/// Secrets that people chose come with the slow hash that another server made of them.
public enum ClientSecretHash: Sendable, Hashable, CustomStringConvertible {
    /// The SHA-256 of a generated secret, written `sha256:` and base64url.
    case digest([UInt8])
    /// In PHC string format, or bcrypt's.
    case password(PasswordHash)

    /// The SHA-256 of `secret` in UTF-8.
    ///
    /// - Throws: if libcrypto fails.
    public init(of secret: String) throws(LibcryptoError) {
        self = .digest(try HashFunction.sha256.digest(of: secret.utf8.span))
    }

    /// Reads `sha256:` and 43 characters of base64url without padding, or a hash that begins with a dollar sign.
    package init(parsing text: String) throws(InvalidValue) {
        let prefix = "sha256:"
        guard !text.hasPrefix("$") else { self = .password(try PasswordHash(parsing: text)); return }
        guard text.hasPrefix(prefix) else { throw InvalidValue("begins neither with sha256: nor with $") }
        guard let digest = Base64URL.decode(String(text.dropFirst(prefix.count))), digest.count == 32 else {
            throw InvalidValue("is not sha256: and the 43 characters of a SHA-256 in base64url without padding")
        }
        self = .digest(digest)
    }

    /// As it stands in `clients.yaml`; ``init(parsing:)`` reads it back.
    public var description: String {
        switch self {
        case .digest(let digest): "sha256:" + Base64URL.encode(digest)
        case .password(let hash): hash.description
        }
    }

    /// `nil` for a fast digest.
    package var password: PasswordHash? {
        if case .password(let hash) = self { hash } else { nil }
    }
}
