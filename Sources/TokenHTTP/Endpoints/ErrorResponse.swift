import HTTPTypes
import Hummingbird
import OAuth

/// Refusals that come before any protocol rule, in the same shape as those of the token endpoint.
enum ErrorResponse {
    static let notFound = make(.notFound, "There is nothing at this path.")

    static let noPath = make(.badRequest, "The target is not a path.")

    /// RFC 9110 section 15.5.6
    ///
    /// - Parameter allow: the methods that would do.
    static func methodNotAllowed(allow: String) -> Response {
        var response = make(.methodNotAllowed, "The path does not have this method.")
        response.headers[.allow] = allow
        return response
    }

    private static func make(_ status: HTTPResponse.Status, _ text: StaticString) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(
                byteBuffer: ByteBuffer(bytes: ErrorDocument.json(code: "invalid_request", text: text))))
    }
}
