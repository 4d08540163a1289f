import JOSE
package import Libcrypto

/// A document that stays the same until the next snapshot: the JWK Set, the metadata.
package struct StaticDocument: Sendable {
    /// What the answer to GET holds.
    package let octets: [UInt8]
    /// `Content-Type`
    package let mediaType: String
    /// How long a client may keep it: `max-age`, RFC 9111 section 5.2.2.1. Key rotation counts on it.
    package let maximumAge: Duration
    /// A strong entity tag with its quotes, RFC 9110 section 8.8.3: the digest of the octets.
    package let entityTag: String

    /// - Throws: if libcrypto cannot hash.
    package init(_ octets: [UInt8], mediaType: String, maximumAge: Duration) throws(LibcryptoError) {
        let digest = try HashFunction.sha256.digest(of: octets.span)
        entityTag = "\"\(Base64URL.encode(Array(digest.prefix(16))))\""
        self.octets = octets
        self.mediaType = mediaType
        self.maximumAge = maximumAge
    }

    /// Whether a client that sends this `If-None-Match` has the document as it is: RFC 9110 section 13.1.2, any of the tags,
    /// compared weakly, or a star.
    package func isCurrent(ifNoneMatch: String?) -> Bool {
        guard let ifNoneMatch else { return false }
        return ifNoneMatch.split(separator: ",").contains { candidate in
            let tag = candidate.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            return tag == "*" || tag == entityTag || (tag.hasPrefix("W/") && tag.dropFirst(2) == entityTag)
        }
    }
}
