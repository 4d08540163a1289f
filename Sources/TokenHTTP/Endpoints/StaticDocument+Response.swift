import HTTPTypes
import Hummingbird
import LiveState

extension StaticDocument {
    /// The answer to GET and HEAD.
    func response(to request: Request) -> Response {
        var headers: HTTPFields = [
            .eTag: entityTag,
            .cacheControl: "public, max-age=\(maximumAge.components.seconds)",
            // Verifiers may run in a browser. The document is public.
            .accessControlAllowOrigin: "*",
        ]
        if isCurrent(ifNoneMatch: request.headers[.ifNoneMatch]) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = mediaType
        headers[.contentLength] = String(octets.count)
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: octets)))
    }
}
