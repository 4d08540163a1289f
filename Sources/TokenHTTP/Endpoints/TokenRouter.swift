import HTTPTypes
import Hummingbird
import LiveState
import OAuth
import Telemetry

/// Routes the requests of the public listener: to the token endpoint, the introspection endpoint and the documents.
struct TokenRouter: HTTPResponder {
    typealias Context = ConnectionContext

    let paths: EndpointPaths
    let tokenEndpoint: TokenEndpointHandler
    let introspectionEndpoint: IntrospectionEndpointHandler
    let snapshots: SnapshotStore
    let readiness: Readiness
    /// Called with the time that each answer took.
    let reportTime: @Sendable (Endpoint, Duration) -> Void

    func respond(to request: Request, context: Context) async throws -> Response {
        let start = ContinuousClock.now
        var (response, endpoint) = await answer(request, context)
        // RFC 9112 section 9.6: during graceful shutdown, clients are asked to open their next connection to another
        // replica.
        if !readiness.isReady, !context.isStream { response.headers[.connection] = "close" }
        if let name = Self.requestIDField { response.headers[name] = context.requestID }
        reportTime(endpoint, start.duration(to: .now))
        return response
    }

    /// The answer if the target is not a path; `nil` if it is one.
    private static func answer(aboutTargetOf request: Request, _ context: Context) -> Response? {
        let target = request.head.path ?? ""
        if target.utf8.first == UInt8(ascii: "/") { return nil }
        // RFC 9110 section 9.3.7: `OPTIONS *` is about the server as a whole.
        if target.utf8.elementsEqual("*".utf8) {
            return request.method == .options ? Response(status: .noContent) : Response.notFound
        }
        // RFC 9113 section 8.3.1: HTTP/2 has no absolute form.
        return context.isStream ? .targetIsNoPath : nil
    }

    private static let requestIDField = HTTPField.Name("X-Request-Id")

    private func answer(_ request: Request, _ context: Context) async -> (Response, Endpoint) {
        if let answer = Self.answer(aboutTargetOf: request, context) { return (answer, .other) }
        let path = request.uri.path
        if path == paths.token || path == paths.introspection {
            let endpoint = path == paths.token ? Endpoint.token : .introspection
            guard request.method == .post else { return (Response.methodNotAllowed(allow: "POST"), endpoint) }
            return endpoint == .token
                ? (await tokenEndpoint.response(to: request, in: context), endpoint)
                : (await introspectionEndpoint.response(to: request, in: context), endpoint)
        }
        if let document = snapshots.current.documents[path] {
            guard request.method == .get || request.method == .head else {
                return (Response.methodNotAllowed(allow: "GET, HEAD"), .document)
            }
            return (document.response(to: request), .document)
        }
        return (Response.notFound, .other)
    }
}

extension StaticDocument {
    /// The answer to GET and HEAD.
    func response(to request: Request) -> Response {
        var headers: HTTPFields = [
            .eTag: entityTag,
            .cacheControl: cacheControl,
            // Verifiers may run in a browser. The document is public.
            .accessControlAllowOrigin: "*",
        ]
        if isCurrent(ifNoneMatch: request.headers[.ifNoneMatch]) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = mediaType
        headers[.contentLength] = contentLength
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
