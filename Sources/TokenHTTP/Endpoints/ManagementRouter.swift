import HTTPEdge
import NIOCore
import NIOHTTP1
import PrometheusText

/// Routes the requests of the management listener: liveness, readiness, metrics, and the description of both listeners.
struct ManagementRouter: Sendable {
    let readiness: Readiness
    let metrics: PrometheusRegistry
    /// ``OpenAPIDocument/json``
    let description: ByteBuffer

    func reply(to request: Request, on loop: any EventLoop) -> Reply { .now(response(to: request)) }

    private func response(to request: Request) -> Response {
        guard case .path(let path, _) = request.target, Self.paths.contains(path) else { return .notFound }
        // Checked first, because collecting the metrics of many clients is expensive.
        guard request.method == .GET || request.method == .HEAD else { return .methodNotAllowed(allow: "GET, HEAD") }
        return switch path {
        case "/healthz": Self.health(isGood: true)
        case "/readyz": Self.health(isGood: readiness.isReady)
        case "/metrics":
            Self.answer(ByteBuffer(string: metrics.text()), mediaType: "text/plain; version=0.0.4; charset=utf-8")
        default: Self.answer(description, mediaType: "application/json")
        }
    }

    private static let paths: Set<String> = ["/healthz", "/readyz", "/metrics", "/openapi.json"]

    private static func health(isGood: Bool) -> Response {
        answer(
            ByteBuffer(string: isGood ? "ok\n" : "not ready\n"), status: isGood ? .ok : .serviceUnavailable,
            mediaType: "text/plain; charset=utf-8")
    }

    private static func answer(_ body: ByteBuffer, status: HTTPResponseStatus = .ok, mediaType: String) -> Response {
        Response(status, fields: ["Content-Type": mediaType, "Cache-Control": "no-store"], content: body)
    }
}
