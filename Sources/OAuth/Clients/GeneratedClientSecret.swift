import JOSE
package import Libcrypto

/// A new client secret: `writ_cs_`, 256 random bits in base64url, and six characters of checksum.
///
/// All characters are unreserved in URIs, so that no client library can encode them wrongly. Prefix and checksum let a
/// secret scanner distinguish a leaked secret from noise.
package struct GeneratedClientSecret: Sendable {
    /// The prefix that secret scanners search for. It is part of the secret.
    package static let prefix = "writ_cs_"

    /// The secret itself. It is shown once, and only its ``hash`` is stored.
    package let value: String
    /// The hash of the whole ``value``, with prefix and checksum.
    package let hash: ClientSecretHash

    /// - Throws: if libcrypto provides no random octets.
    package init() throws(LibcryptoError) {
        let random = try SecretBytes(randomCount: 32)
        let body = random.withBytes { bytes in
            var characters: [UInt8] = []
            Base64URL.append(bytes, to: &characters)
            return Self.prefix + String(decoding: characters, as: UTF8.self)
        }
        value = body + (try Self.checksum(of: body))
        hash = try ClientSecretHash(of: value)
    }

    /// Whether `text` has the form of a generated secret and its checksum is right.
    package static func isWellFormed(_ text: String) throws(LibcryptoError) -> Bool {
        guard text.utf8.count == prefix.utf8.count + 43 + 6, text.hasPrefix(prefix) else { return false }
        return try checksum(of: String(text.dropLast(6))) == text.suffix(6)
    }

    /// The first 36 bits of the SHA-256 of everything before it, in base64url.
    private static func checksum(of body: String) throws(LibcryptoError) -> String {
        let digest = try HashFunction.sha256.digest(of: body.utf8.span)
        return String(Base64URL.encode(digest).prefix(6))
    }
}
