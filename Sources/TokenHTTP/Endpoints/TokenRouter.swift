import AccessToken
import HTTPEdge
import LiveState
import NIOCore
import NIOHTTP1
import OAuth
import Telemetry
import WireText

/// Routes the requests of the public listener: to the endpoints for clients, the status lists and the documents, and to the
/// authorization endpoint that refuses, if there is one.
struct TokenRouter: Sendable {
    let paths: EndpointPaths
    let tokenEndpoint: TokenEndpointHandler
    let introspectionEndpoint: IntrospectionEndpointHandler
    let revocationEndpoint: RevocationEndpointHandler
    let statusLists: StatusListHandler
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
        case .revocation:
            return tasks.reply(on: loop) {
                finish(
                    await revocationEndpoint.response(to: request, requestID), request, .revocation, requestID,
                    since: start)
            }
        case .statusList(let list):
            return tasks.reply(on: loop) {
                finish(
                    await statusLists.response(to: request, list), request, .statusList, requestID, since: start)
            }
        }
    }

    private enum Route {
        case token
        case introspection
        case revocation
        case statusList(NumericDate)
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
        if let (route, endpoint) = clientEndpoint(at: octets) {
            return request.method == .POST ? route : .document(.methodNotAllowed(allow: "POST"), endpoint)
        }
        if let authorization = paths.authorization, octets.isSame(as: authorization) {
            return .document(.authorizationRefusal(of: request), .other)
        }
        if let document = snapshots.current.documents[path] {
            return routeOfDocument(request, .document) { .document(document.response(to: request), .document) }
        }
        guard let resource = statusLists.resource(at: path) else { return .document(.notFound, .other) }
        return routeOfDocument(request, .statusList) {
            switch resource {
            case .list(let list): .statusList(list)
            case .none: .document(.notFound, .statusList)
            case .allLists: .document(statusLists.responseWithAllLists(to: request), .statusList)
            }
        }
    }

    /// The endpoint for clients with this path, if there is one.
    private func clientEndpoint(at path: Octets) -> (Route, Endpoint)? {
        if path.isSame(as: paths.token) { return (.token, .token) }
        if path.isSame(as: paths.introspection) { return (.introspection, .introspection) }
        guard path.isSame(as: paths.revocation), snapshots.current.offersRevocation else { return nil }
        return (.revocation, .revocation)
    }

    private func routeOfDocument(_ request: Request, _ endpoint: Endpoint, get: () -> Route) -> Route {
        switch request.method {
        case .GET, .HEAD: get()
        case .OPTIONS: .document(.optionsOfDocument, endpoint)
        default: .document(.methodNotAllowed(allow: "GET, HEAD, OPTIONS"), endpoint)
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
        // A verifier in a browser reads refusals too.
        if endpoint == .statusList { response.fields.replaceOrAdd(name: "Access-Control-Allow-Origin", value: "*") }
        response.pause = pacing.pause(after: response, to: request)
        let isOfNoClient = endpoint == .other || endpoint == .statusList
        if response.status == .methodNotAllowed || isOfNoClient && response.status.code >= 400 {
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
