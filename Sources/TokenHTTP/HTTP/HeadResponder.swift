import HTTPTypes
import Hummingbird

/// Removes the body from every answer to HEAD (RFC 9110 section 9.3.2).
struct HeadResponder<Responder: HTTPResponder>: HTTPResponder {
    let responder: Responder

    @concurrent func respond(to request: Request, context: Responder.Context) async throws -> Response {
        var response = try await responder.respond(to: request, context: context)
        guard request.method == .head else { return response }
        // `Content-Length` stays: it is the length of the answer to GET.
        let length = response.headers[.contentLength]
        response.body = ResponseBody()
        response.headers[.contentLength] = length
        return response
    }
}
