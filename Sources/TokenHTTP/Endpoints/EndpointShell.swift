import HTTPEdge
import Instrumentation
import NIOHTTP1
import OAuth
import Telemetry
import Tracing
import WireText

/// What the token and the introspection endpoint have in common: HTTP, the trace, the log, and the answer to a refusal.
struct EndpointShell: Sendable {
    /// `trusted_proxies`, which can change while the service runs.
    let trustedProxies: @Sendable () -> TrustedProxies
    /// `nil` if traces are off.
    var tracer: (any Tracer)?
    /// The refusals whose `Retry-After` is ``retryDelay``.
    private static let delayed: Set<TokenRefusal.Code> = [.overloaded, .signingKeyUnavailable]

    /// Seconds for the `Retry-After` of an overloaded service. They are random, so that clients that were refused
    /// together do not retry together.
    var retryDelay: @Sendable () -> Int = { .random(in: 1...4) }
    /// Whether the steps of a request are timed for the log.
    var timesSteps: @Sendable () -> Bool = { false }
    /// Called once for each request, when its answer is ready.
    let report: @Sendable (RequestEvent) -> Void

    /// Answers one request.
    ///
    /// - Parameters:
    ///   - path: the path of the request, for the trace.
    ///   - url: the public URL of the endpoint.
    ///   - rules: the rules of the endpoint. They return the answer and add each step to the observation.
    func respond(
        to request: Request, _ requestID: String, of endpoint: Endpoint, path: String, url: String,
        _ rules: (EndpointRequest, inout RequestObservation) async throws(TokenRefusal) -> Response
    ) async -> Response {
        let proxies = trustedProxies()
        let origin = request.peer.address.map { peer in proxies.origin(of: peer) { request.fields[$0] } }
        var observation = RequestObservation(
            event: RequestEvent(endpoint, requestID: requestID),
            trace: RequestTrace(
                tracer, path: path, request.fields, using: FieldExtractor(), timesSteps: timesSteps()))
        observation.event.traceID = observation.trace.traceID
        observation.event.address = origin
        observation.trace.begin("receive")
        var response: Response
        do throws(TokenRefusal) {
            let certificate = try proxies.certificate(of: request.peer.address, request.peer.certificates) {
                request.fields[$0]
            }
            let received = try EndpointRequest(receiving: request, at: url, from: origin, certificate: certificate)
            response = try await rules(received, &observation)
            response.isAuthenticated = true
        } catch {
            observation.event.refusal = error
            response = .refusal(
                Self.delayed.contains(error.code) ? TokenRefusal(error.code, retryAfter: retryDelay()) : error)
        }
        observation.trace.end(observation.event)
        observation.event.steps = observation.trace.steps
        report(observation.event)
        return response
    }
}

/// The log event and the trace of a request in progress.
struct RequestObservation {
    var event: RequestEvent
    var trace: RequestTrace

    /// Adds the result of one step of the request, and begins the next step in the trace.
    ///
    /// - Parameter clients: all registered clients.
    mutating func add(_ progress: RequestProgress, _ clients: ClientRegistry) {
        event.add(progress, clients)
        switch progress {
        // The request is still being parsed, or the client's authentication has not ended.
        case .identified, .bound: return
        case .parsed: trace.beginNext("authenticate")
        case .authenticated: trace.beginNext(event.endpoint == .token ? "authorize" : "inspect")
        case .authorized: trace.endStep()
        }
    }
}

private struct FieldExtractor: Extractor {
    func extract(key: String, from fields: HTTPHeaders) -> String? { fields.first(name: key) }
}
