import HTTPTypes
import Hummingbird
import NIOCore
import Telemetry

/// Routes the requests of the management listener: liveness, readiness, metrics, and the description of both listeners.
struct ManagementRouter: HTTPResponder {
    typealias Context = ConnectionContext

    let readiness: Readiness
    let metrics: MetricsPage
    /// ``OpenAPIDocument/json``
    let description: ByteBuffer
    /// Called for each request that no endpoint takes.
    let report: @Sendable (HTTPEvent) -> Void

    func respond(to request: Request, context: Context) async throws -> Response {
        let response = await answer(request)
        if response.status.kind == .clientError {
            report(.refused(request, response.status, listener: "management", context))
        }
        return response
    }

    private func answer(_ request: Request) async -> Response {
        let path = request.uri.path
        guard Self.paths.contains(path) else { return .notFound }
        // Checked first, because collecting the metrics of many clients is expensive.
        guard request.method == .get || request.method == .head else { return .methodNotAllowed(allow: "GET, HEAD") }
        return switch path {
        case "/healthz": Self.health(isGood: true)
        case "/readyz": Self.health(isGood: readiness.isReady)
        case "/metrics":
            Self.answer(await metrics.document(), mediaType: "text/plain; version=0.0.4; charset=utf-8")
        default: Self.answer(description, mediaType: "application/json")
        }
    }

    private static let paths: Set<String> = ["/healthz", "/readyz", "/metrics", "/openapi.json"]

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
