import HTTPTypes
import Hummingbird
import PrometheusText

/// What the management listener answers: whether the process lives, whether it should get requests, and numbers.
struct ManagementDoor: HTTPResponder {
    typealias Context = ConnectionContext

    let readiness: Readiness
    let metrics: PrometheusRegistry

    func respond(to request: Request, context: Context) async throws -> Response {
        let answer: Response
        switch request.uri.path {
        case "/healthz": answer = Self.health(isGood: true)
        case "/readyz": answer = Self.health(isGood: readiness.isReady)
        case "/metrics":
            answer = Self.text(metrics.text(), mediaType: "text/plain; version=0.0.4; charset=utf-8")
        default: return ErrorResponse.notFound
        }
        guard request.method == .get || request.method == .head else {
            return ErrorResponse.methodNotAllowed(allow: "GET, HEAD")
        }
        return answer
    }

    private static func health(isGood: Bool) -> Response {
        text(isGood ? "ok\n" : "not ready\n", status: isGood ? .ok : .serviceUnavailable)
    }

    private static func text(
        _ text: String, status: HTTPResponse.Status = .ok, mediaType: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: mediaType, .cacheControl: "no-store", .contentLength: String(text.utf8.count),
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
