import HTTPEdge
import NIOCore
import NIOHTTP1
import OAuth

extension Response {
    /// An answer for one client only. RFC 6749 section 5.1: caches must not store tokens and refusals; both fields say
    /// so.
    static func confidential(
        _ body: [UInt8], status: HTTPResponseStatus = .ok, mediaType: String = "application/json"
    ) -> Response {
        Response(
            status, fields: ["Content-Type": mediaType, "Cache-Control": "no-store", "Pragma": "no-cache"],
            content: ByteBuffer(bytes: body))
    }

    /// The error response of RFC 6749 section 5.2.
    static func refusal(_ refusal: TokenRefusal) -> Response {
        let code = refusal.code
        var response = confidential(refusal.json, status: HTTPResponseStatus(statusCode: code.status))
        // RFC 9110 section 15.5.2: a 401 response names the authentication scheme.
        if code.status == 401 {
            response.fields.add(name: "WWW-Authenticate", value: #"Basic realm="writ", charset="UTF-8""#)
        }
        if let seconds = refusal.retryAfter { response.fields.add(name: "Retry-After", value: String(seconds)) }
        return response
    }

    static let notFound = refusalOfAnyPath(.notFound)

    static let targetIsNoPath = refusalOfAnyPath(.targetIsNoPath)

    /// RFC 9110 section 15.5.6: the response names the allowed methods.
    ///
    /// - Parameter allow: the methods that the path has.
    static func methodNotAllowed(allow: String) -> Response {
        var response = refusalOfAnyPath(.methodNotAllowed)
        response.fields.add(name: "Allow", value: allow)
        return response
    }

    /// A refusal before the rules of an endpoint apply.
    private static func refusalOfAnyPath(_ code: TokenRefusal.Code) -> Response {
        Response(
            HTTPResponseStatus(statusCode: code.status),
            fields: ["Content-Type": "application/json", "Cache-Control": "no-store"],
            content: ByteBuffer(bytes: code.json))
    }
}
