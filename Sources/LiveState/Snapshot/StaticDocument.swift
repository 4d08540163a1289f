import HTTPTypes
import Hummingbird
import JOSE
import Libcrypto

/// A document that stays the same until the next snapshot, with everything about its answer worked out beforehand.
struct StaticDocument: Sendable {
    private let body: ByteBuffer
    private let headers: HTTPFields
    /// A strong entity tag, RFC 9110 section 8.8.3: the digest of the octets.
    private let entityTag: String

    /// - Parameter maximumAge: how long clients may keep it. Key rotation counts on it.
    init(_ octets: [UInt8], mediaType: String, maximumAge: Duration) throws(LibcryptoError) {
        let digest = try HashFunction.sha256.digest(of: octets.span)
        entityTag = "\"\(Base64URL.encode(Array(digest.prefix(16))))\""
        body = ByteBuffer(bytes: octets)
        headers = [
            .contentType: mediaType,
            .contentLength: String(octets.count),
            .eTag: entityTag,
            .cacheControl: "public, max-age=\(maximumAge.components.seconds)",
            // For verifiers that run in a browser; there is nothing in it that is not public.
            .accessControlAllowOrigin: "*",
        ]
    }

    func response(to request: Request) -> Response {
        if isCurrent(request.headers[.ifNoneMatch]) {
            var headers = headers
            headers[.contentLength] = nil
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    /// RFC 9110 section 13.1.2: any of the tags, compared weakly, or a star.
    private func isCurrent(_ ifNoneMatch: String?) -> Bool {
        guard let ifNoneMatch else { return false }
        return ifNoneMatch.split(separator: ",").contains { candidate in
            let tag = candidate.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            return tag == "*" || tag == entityTag || (tag.hasPrefix("W/") && tag.dropFirst(2) == entityTag)
        }
    }
}
