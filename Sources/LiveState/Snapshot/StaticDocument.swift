import JOSE
package import Libcrypto
package import NIOCore
import WireText

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
    /// any of the tags matches in a weak comparison, or if the field is a star.
    package func isCurrent(ifNoneMatch: String?) -> Bool {
        guard var rest = ifNoneMatch.map({ Octets($0).trimmed }) else { return false }
        if rest.isSame(as: "*") { return true }
        for _ in 0..<Self.maximumTagCount {
            // RFC 9110 section 8.8.3: a tag has no quotation mark inside, but it may have commas.
            let tag = rest.begins(with: "W/") ? rest.dropFirst(2) : rest
            guard tag.begins(with: "\""), let end = tag.dropFirst().split(at: "\"").tail else { return false }
            if tag.prefix(tag.count - end.count).isSame(as: entityTag) { return true }
            rest = end.trimmed
            guard rest.begins(with: ",") else { return false }
            // RFC 9110 section 5.6.1.2: a list may have a few empty elements.
            rest = rest.dropFirst().trimmed
            if rest.begins(with: ",") { rest = rest.dropFirst().trimmed }
        }
        return false
    }

    /// The most tags that are compared. A client sends those of the documents that it has cached.
    private static let maximumTagCount = 64
}
