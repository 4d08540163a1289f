import HTTPTypes
import Hummingbird
import Instrumentation
import OAuth
import Telemetry
import Tracing

/// What the token and the introspection endpoint have in common: HTTP, the trace, the log, and the answer to a refusal.
struct EndpointShell: Sendable {
    /// `trusted_proxies`, which can change while the service runs.
    let trustedProxies: @Sendable () -> TrustedProxies
    /// `nil` if traces are off.
    var tracer: (any Tracer)?
    /// Seconds for the `Retry-After` of an overloaded service. They are random, so that clients that were refused
    /// together do not retry together.
    var retryDelay: @Sendable () -> Int = { .random(in: 1...4) }
    /// Called once for each request, when its answer is ready.
    let report: @Sendable (RequestEvent) -> Void

    /// Answers one request.
    ///
    /// - Parameters:
    ///   - url: the public URL of the endpoint.
    ///   - rules: the rules of the endpoint. They return the answer and add each step to the observation.
    func respond(
        to request: Request, in context: ConnectionContext, of endpoint: Endpoint, url: String,
        _ rules: (EndpointRequest, inout RequestObservation) async throws(TokenRefusal) -> Response
    ) async -> Response {
        let origin = context.address.map { trustedProxies().origin(of: $0, request.headers) }
        var observation = RequestObservation(
            event: RequestEvent(endpoint, requestID: context.requestID),
            trace: RequestTrace(tracer, path: request.uri.path, request.headers, using: FieldExtractor()))
        observation.event.address = origin
        observation.trace.begin("receive")
        var response: Response
        do throws(TokenRefusal) {
            let received = try await EndpointRequest(receiving: request, at: url, from: origin)
            response = try await rules(received, &observation)
        } catch {
            observation.event.refusal = error
            response = .refusal(
                error.code == .overloaded ? TokenRefusal(.overloaded, retryAfter: retryDelay()) : error)
        }
        observation.trace.end(observation.event)
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
        // The request is still being parsed.
        case .identified: return
        case .parsed: trace.beginNext("authenticate")
        case .authenticated: trace.beginNext(event.endpoint == .token ? "authorize" : "inspect")
        case .authorized: trace.endStep()
        }
    }
}

private struct FieldExtractor: Extractor {
    func extract(key: String, from fields: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { fields[$0] }
    }
}
