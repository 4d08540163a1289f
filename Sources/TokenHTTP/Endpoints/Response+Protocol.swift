import HTTPTypes
import Hummingbird
import OAuth

extension Response {
    /// An answer for one client alone. RFC 6749 section 5.1: tokens and refusals are not to be stored; both fields say so.
    static func confidential(
        _ body: [UInt8], status: HTTPResponse.Status = .ok, mediaType: String = "application/json"
    ) -> Response {
        var headers: HTTPFields = [.contentType: mediaType, .cacheControl: "no-store"]
        if let pragma { headers[pragma] = "no-cache" }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    private static let pragma = HTTPField.Name("Pragma")

    /// RFC 6749 section 5.2
    static func refusal(_ refusal: ClientAuthenticator.Refusal) -> Response {
        let error = refusal.error
        var response = confidential(
            ErrorDocument.json(code: error.code, text: error.text), status: HTTPResponse.Status(code: error.status))
        // RFC 9110 section 15.5.2: a 401 says how to authenticate.
        if error.status == 401 { response.headers[.wwwAuthenticate] = #"Basic realm="writ", charset="UTF-8""# }
        if let seconds = refusal.retryAfter { response.headers[.retryAfter] = String(seconds) }
        return response
    }
}
