import JOSE
package import Libcrypto
package import NIOCore

/// A document that stays the same until the next snapshot: the JWK Set, the metadata.
package struct StaticDocument: Sendable {
    /// The body of the answer to GET. All answers share its memory.
    package let body: ByteBuffer
    /// `Content-Type`
    package let mediaType: String
    /// `Content-Length`
    package let contentLength: String
    /// `Cache-Control`: how long a client may cache the document, RFC 9111 section 5.2.2.1. Key rotation relies on it.
    package let cacheControl: String
    /// A strong entity tag with its quotes, RFC 9110 section 8.8.3: the truncated SHA-256 of the octets.
    package let entityTag: String

    /// - Throws: if libcrypto cannot hash.
    package init(_ octets: [UInt8], mediaType: String, maximumAge: Duration) throws(LibcryptoError) {
        let digest = try HashFunction.sha256.digest(of: octets.span)
        entityTag = "\"\(Base64URL.encode(Array(digest.prefix(16))))\""
        body = ByteBuffer(bytes: octets)
        self.mediaType = mediaType
        contentLength = String(octets.count)
        cacheControl = "public, max-age=\(maximumAge.components.seconds)"
    }

    /// Whether a client that sends this `If-None-Match` has the current document. RFC 9110 section 13.1.2: it does if
    /// any of the tags matches in a weak comparison, or if the field contains a star.
    package func isCurrent(ifNoneMatch: String?) -> Bool {
        guard let ifNoneMatch else { return false }
        return ifNoneMatch.split(separator: ",").contains { candidate in
            let tag = candidate.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            return tag == "*" || tag == entityTag || (tag.hasPrefix("W/") && tag.dropFirst(2) == entityTag)
        }
    }
}
