import HTTPTypes
import Hummingbird

/// Sees to it that no answer to HEAD has a body, whoever gives it (RFC 9110 section 9.3.2).
struct HeadResponder<Responder: HTTPResponder>: HTTPResponder {
    let responder: Responder

    @concurrent func respond(to request: Request, context: Responder.Context) async throws -> Response {
        var response = try await responder.respond(to: request, context: context)
        guard request.method == .head else { return response }
        // The length stays: it is that of the answer to GET.
        let length = response.headers[.contentLength]
        response.body = ResponseBody()
        response.headers[.contentLength] = length
        return response
    }
}
