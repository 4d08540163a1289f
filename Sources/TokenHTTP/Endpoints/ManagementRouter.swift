import HTTPEdge
import NIOCore
import NIOHTTP1
import Telemetry

/// Routes the requests of the management listener: liveness, readiness, metrics, when clients last got tokens, the description
/// of both listeners, and the console.
struct ManagementRouter: Sendable {
    let readiness: Readiness
    let metrics: MetricsPage
    let lastUses: LastUsesDocument
    /// ``OpenAPIDocument/json``
    let description: ByteBuffer
    /// `nil` if `console` is off.
    var console: ConsoleRoutes?
    /// Called for each request that no endpoint takes.
    let report: @Sendable (HTTPEvent) -> Void

    func reply(to request: Request, on loop: any EventLoop) -> Reply {
        guard case .path(let path, let query) = request.target else { return refuse(request, .notFound) }
        let consolePath = console == nil ? nil : ConsoleRoutes.Path(exactly: path)
        guard consolePath != nil || Self.paths.contains(path) else { return refuse(request, .notFound) }
        // Checked first, because collecting the metrics of many clients is expensive.
        guard request.method == .GET || request.method == .HEAD else {
            return refuse(request, .methodNotAllowed(allow: "GET, HEAD"))
        }
        if let console, let consolePath {
            let reply = console.reply(to: request, consolePath, query: query, on: loop)
            if case .now(let response) = reply, response.status.code >= 400 { return refuse(request, response) }
            return reply
        }
        switch path {
        case "/healthz": return .now(Self.health(isGood: true))
        case "/readyz": return .now(Self.health(isGood: readiness.isReady))
        case "/metrics":
            let promise = loop.makePromise(of: Response.self)
            metrics.document { promise.succeed(Self.answer($0, mediaType: Self.metricsType)) }
            return .later(promise.futureResult)
        case Self.lastUsesPath:
            guard let document = lastUses.document(query, on: loop) else { return refuse(request, .notFound) }
            return .later(
                document.map { Self.answer($0, mediaType: Self.jsonType) }
                    .recover { _ in Response(.serviceUnavailable) })
        default: return .now(Self.answer(description, mediaType: Self.jsonType))
        }
    }

    private func refuse(_ request: Request, _ response: Response) -> Reply {
        report(.refused(request, response, listener: "management"))
        return .now(response)
    }

    private static let metricsType = "text/plain; version=0.0.4; charset=utf-8"

    private static let jsonType = "application/json"

    /// The path of ``LastUsesDocument``.
    static let lastUsesPath = "/clients/last-used"

    private static let paths: Set<String> = ["/healthz", "/readyz", "/metrics", "/openapi.json", lastUsesPath]

    private static func health(isGood: Bool) -> Response {
        answer(
            ByteBuffer(string: isGood ? "ok\n" : "not ready\n"), status: isGood ? .ok : .serviceUnavailable,
            mediaType: "text/plain; charset=utf-8")
    }

    private static func answer(_ body: ByteBuffer, status: HTTPResponseStatus = .ok, mediaType: String) -> Response {
        Response(status, fields: ["Content-Type": mediaType, "Cache-Control": "no-store"], content: body)
    }
}
