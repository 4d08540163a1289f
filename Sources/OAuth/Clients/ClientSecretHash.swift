package import AccessToken
import JOSE
public import Libcrypto
import WireText

/// The hash of a client's secret.
///
/// A fast hash is enough for the secrets that Writ generates: 256 random bits cannot be searched, however fast the hash
/// is. A secret that a person chose is stored with the slow hash that another server made of it.
public enum ClientSecretHash: Sendable, Hashable, CustomStringConvertible {
    /// The SHA-256 of a generated secret, written `sha256:` and base64url.
    case digest([UInt8])
    /// In PHC string format, or bcrypt's.
    case password(PasswordHash)

    /// Hashes `secret` with SHA-256.
    public init(of secret: String) throws(LibcryptoError) {
        self = .digest(try HashFunction.sha256.digest(of: secret.utf8.span))
    }

    /// Parses `sha256:` and 43 characters of base64url without padding, or a hash that begins with a dollar sign.
    package init(parsing text: String) throws(InvalidValue) {
        let prefix = "sha256:"
        guard !text.hasPrefix("$") else { self = .password(try PasswordHash(parsing: text)); return }
        guard text.hasPrefix(prefix) else { throw InvalidValue("begins neither with sha256: nor with $") }
        guard let digest = Base64URL.decode(String(text.dropFirst(prefix.count))), digest.count == 32 else {
            throw InvalidValue("is not sha256: and the 43 characters of a SHA-256 in base64url without padding")
        }
        guard !text.isSameText(as: Self.hashOfNothing) else {
            throw InvalidValue("is the hash of the empty secret, which protects nothing")
        }
        self = .digest(digest)
    }

    /// The SHA-256 of no octets.
    private static let hashOfNothing = "sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

    /// The text in `clients.yaml`, which ``init(parsing:)`` parses.
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
