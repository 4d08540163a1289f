public import AccessToken
import JOSE
public import Libcrypto

/// What is kept of a client's secret: its SHA-256, written `sha256:` and base64url.
///
/// One fast digest is right for the secrets that Writ makes: nobody searches 256 random bits, however fast the hash.
public struct ClientSecretHash: Sendable, Hashable, CustomStringConvertible {
    private let digest: [UInt8]

    /// The hash of `secret`.
    public init(of secret: String) throws(LibcryptoError) {
        digest = try HashFunction.sha256.digest(of: secret.utf8.span)
    }

    /// Reads `sha256:` and 43 characters of base64url without padding, and throws for anything else.
    public init(parsing text: String) throws(InvalidValue) {
        let prefix = "sha256:"
        guard text.hasPrefix(prefix) else { throw InvalidValue("does not begin with sha256:") }
        guard let digest = Base64URL.decode(String(text.dropFirst(prefix.count))), digest.count == 32 else {
            throw InvalidValue("is not sha256: and the 43 characters of a SHA-256 in base64url without padding")
        }
        self.digest = digest
    }

    /// As it stands in `clients.yaml`; ``init(parsing:)`` reads it back.
    public var description: String { "sha256:" + Base64URL.encode(digest) }

    /// Compares in constant time.
    func matches(_ other: ClientSecretHash) -> Bool {
        ConstantTime.areEqual(digest.span, other.digest.span)
    }
}
