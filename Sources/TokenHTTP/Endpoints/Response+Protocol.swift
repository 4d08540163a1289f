import HTTPTypes
import Hummingbird
import OAuth

extension Response {
    /// An answer for one client only. RFC 6749 section 5.1: caches must not store tokens and refusals; both fields say
    /// so.
    static func confidential(
        _ body: [UInt8], status: HTTPResponse.Status = .ok, mediaType: String = "application/json"
    ) -> Response {
        var headers: HTTPFields = [.contentType: mediaType, .cacheControl: "no-store"]
        if let pragma { headers[pragma] = "no-cache" }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    private static let pragma = HTTPField.Name("Pragma")

    /// The error response of RFC 6749 section 5.2.
    static func refusal(_ refusal: TokenRefusal) -> Response {
        let code = refusal.code
        var response = confidential(code.json, status: HTTPResponse.Status(code: code.status))
        // RFC 9110 section 15.5.2: a 401 response names the authentication scheme.
        if code.status == 401 { response.headers[.wwwAuthenticate] = #"Basic realm="writ", charset="UTF-8""# }
        if let seconds = refusal.retryAfter { response.headers[.retryAfter] = String(seconds) }
        return response
    }

    static let notFound = refusalOfAnyPath(.notFound)

    static let targetIsNoPath = refusalOfAnyPath(.targetIsNoPath)

    /// RFC 9110 section 15.5.6: the response names the allowed methods.
    ///
    /// - Parameter allow: the methods that the path has.
    static func methodNotAllowed(allow: String) -> Response {
        var response = refusalOfAnyPath(.methodNotAllowed)
        response.headers[.allow] = allow
        return response
    }

    /// A refusal before the rules of an endpoint apply.
    private static func refusalOfAnyPath(_ code: TokenRefusal.Code) -> Response {
        Response(
            status: HTTPResponse.Status(code: code.status),
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: code.json)))
    }
}
