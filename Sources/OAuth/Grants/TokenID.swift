import JOSE
package import Libcrypto

/// A `jti`, RFC 7519 section 4.1.7: 128 random bits in base64url.
package struct TokenID: Sendable, Hashable, CustomStringConvertible {
    /// 22 characters, unless a test chose others.
    package let description: String

    /// - Throws: where libcrypto gives no random bytes.
    package init() throws(LibcryptoError) {
        description = Base64URL.encode(try RandomBytes.make(16))
    }

    /// For tests, which want to know it beforehand.
    package init(_ text: String) {
        description = text
    }
}
