import HTTPEdge
import LiveState
import NIOCore
import NIOHTTP1
import OAuth
import Telemetry
import WireText

/// Routes the requests of the public listener: to the token endpoint, the introspection endpoint and the documents, and to
/// the authorization endpoint that refuses, if there is one.
struct TokenRouter: Sendable {
    let paths: EndpointPaths
    let tokenEndpoint: TokenEndpointHandler
    let introspectionEndpoint: IntrospectionEndpointHandler
    let snapshots: SnapshotStore
    let readiness: Readiness
    let tasks: EventLoopTasks
    let pacing: RetryPacing
    /// Called with the time that each answer took.
    let reportTime: @Sendable (Endpoint, Duration) -> Void
    /// Called for each request that no endpoint takes.
    let report: @Sendable (HTTPEvent) -> Void

    func reply(to request: Request, on loop: any EventLoop) -> Reply {
        let start = ContinuousClock.now
        let requestID = Self.makeRequestID()
        switch route(of: request) {
        case .document(let response, let endpoint):
            return .now(finish(response, request, endpoint, requestID, since: start))
        case .token:
            return tasks.reply(on: loop) {
                finish(
                    await tokenEndpoint.response(to: request, requestID), request, .token, requestID, since: start)
            }
        case .introspection:
            return tasks.reply(on: loop) {
                finish(
                    await introspectionEndpoint.response(to: request, requestID), request, .introspection, requestID,
                    since: start)
            }
        }
    }

    private enum Route {
        case token
        case introspection
        /// Anything that is answered at once.
        case document(Response, Endpoint)
    }

    private func route(of request: Request) -> Route {
        switch request.target {
        case .invalid: return .document(.targetIsNoPath, .other)
        // RFC 9110 section 9.3.7: `OPTIONS *` is about the server as a whole.
        case .asterisk: return .document(request.method == .OPTIONS ? Response(.noContent) : .notFound, .other)
        case .path(let path, _): return route(of: request, path)
        }
    }

    private func route(of request: Request, _ path: String) -> Route {
        let octets = Octets(path)
        let isToken = octets.isSame(as: paths.token)
        if isToken || octets.isSame(as: paths.introspection) {
            guard request.method == .POST else {
                return .document(.methodNotAllowed(allow: "POST"), isToken ? .token : .introspection)
            }
            return isToken ? .token : .introspection
        }
        if let authorization = paths.authorization, octets.isSame(as: authorization) {
            return .document(.authorizationRefusal(of: request), .other)
        }
        guard let document = snapshots.current.documents[path] else { return .document(.notFound, .other) }
        switch request.method {
        case .GET, .HEAD: return .document(document.response(to: request), .document)
        case .OPTIONS: return .document(.optionsOfDocument, .document)
        default: return .document(.methodNotAllowed(allow: "GET, HEAD, OPTIONS"), .document)
        }
    }

    private func finish(
        _ response: Response, _ request: Request, _ endpoint: Endpoint, _ requestID: String,
        since start: ContinuousClock.Instant
    ) -> Response {
        var response = response
        // RFC 9112 section 9.6: during graceful shutdown, clients are asked to open their next connection to another
        // replica.
        if readiness.isStopping { response.closesConnection = true }
        response.fields.add(name: "X-Request-Id", value: requestID)
        response.pause = pacing.pause(after: response, to: request)
        if response.status == .methodNotAllowed || endpoint == .other && response.status.code >= 400 {
            report(.refused(request, response, listener: "tokens"))
        }
        reportTime(endpoint, start.duration(to: .now))
        return response
    }

    /// Identifies a request in the log: 64 random bits as 16 hexadecimal digits.
    private static func makeRequestID() -> String {
        var bits = UInt64.random(in: 0 ... .max)
        let digits = (0..<16).map { _ in
            defer { bits >>= 4 }
            return ASCII.hexDigit(UInt8(bits & 0xF))
        }
        return String(decoding: digits, as: UTF8.self)
    }
}

extension Response {
    /// The answer to OPTIONS for a document, which is a CORS preflight if a browser sends it (Fetch Standard, "CORS
    /// protocol"): pages of all origins may read the document, whatever fields their libraries add to the request.
    fileprivate static let optionsOfDocument = Response(
        .noContent,
        fields: [
            "Allow": "GET, HEAD, OPTIONS", "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, HEAD", "Access-Control-Allow-Headers": "*",
            "Access-Control-Max-Age": "86400",
        ])
}

extension StaticDocument {
    /// The answer to GET and HEAD.
    func response(to request: Request) -> Response {
        var fields: HTTPHeaders = [
            "ETag": entityTag, "Cache-Control": cacheControl,
            // Verifiers may run in a browser. The document is public.
            "Access-Control-Allow-Origin": "*",
        ]
        if isCurrent(ifNoneMatch: request.fields.first(name: "If-None-Match")) {
            return Response(.notModified, fields: fields)
        }
        fields.add(name: "Content-Type", value: mediaType)
        return Response(.ok, fields: fields, content: body)
    }
}
