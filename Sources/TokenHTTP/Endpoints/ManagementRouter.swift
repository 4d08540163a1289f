import HTTPTypes
import Hummingbird
import PrometheusText

/// What the management listener answers: whether the process lives, whether it should get requests, numbers, and the
/// description of both listeners.
struct ManagementRouter: HTTPResponder {
    typealias Context = ConnectionContext

    let readiness: Readiness
    let metrics: PrometheusRegistry
    /// ``OpenAPIDocument/json``
    let description: ByteBuffer

    func respond(to request: Request, context: Context) async throws -> Response {
        let answer: Response
        switch request.uri.path {
        case "/healthz": answer = Self.health(isGood: true)
        case "/readyz": answer = Self.health(isGood: readiness.isReady)
        case "/metrics":
            answer = Self.answer(
                ByteBuffer(string: metrics.text()), mediaType: "text/plain; version=0.0.4; charset=utf-8")
        case "/openapi.json": answer = Self.answer(description, mediaType: "application/json")
        default: return ErrorResponse.notFound
        }
        guard request.method == .get || request.method == .head else {
            return ErrorResponse.methodNotAllowed(allow: "GET, HEAD")
        }
        return answer
    }

    private static func health(isGood: Bool) -> Response {
        answer(
            ByteBuffer(string: isGood ? "ok\n" : "not ready\n"), status: isGood ? .ok : .serviceUnavailable,
            mediaType: "text/plain; charset=utf-8")
    }

    private static func answer(
        _ body: ByteBuffer, status: HTTPResponse.Status = .ok, mediaType: String
    ) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: mediaType, .cacheControl: "no-store", .contentLength: String(body.readableBytes),
            ],
            body: ResponseBody(byteBuffer: body))
    }
}
