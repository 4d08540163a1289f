import HTTPTypes
import Hummingbird
import Instrumentation
import OAuth
import Telemetry
import Tracing

/// What both endpoints for clients have around their rules: HTTP, the trace, the log, and the answer to a refusal.
struct EndpointShell: Sendable {
    let trustedProxies: TrustedProxies
    /// `nil` if traces are off.
    var tracer: (any Tracer)?
    /// Seconds for `Retry-After` of a request that could not be served. They differ, so that clients that came together do
    /// not come back together.
    var retryDelay: @Sendable () -> Int = { .random(in: 1...4) }
    /// Is called once for each request, when it has its answer.
    let report: @Sendable (RequestEvent) -> Void

    /// The answer to one request.
    ///
    /// - Parameters:
    ///   - url: the public URL of the endpoint.
    ///   - rules: give the answer, and add to the observation what becomes known of the request.
    func respond(
        to request: Request, in context: ConnectionContext, of endpoint: Endpoint, url: String,
        _ rules: (EndpointRequest, inout RequestObservation) async throws(TokenRefusal) -> Response
    ) async -> Response {
        let origin = context.address.map { trustedProxies.origin(of: $0, request.headers) }
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

/// What is known of a request so far, for its log line and for its trace.
struct RequestObservation {
    var event: RequestEvent
    var trace: RequestTrace

    /// Adds what has just become known. Each step of a request ends with that, and the next one begins.
    ///
    /// - Parameter clients: all that are registered.
    mutating func add(_ progress: RequestProgress, _ clients: ClientRegistry) {
        event.add(progress, clients)
        trace.endStep()
        switch progress {
        case .parsed: trace.begin("authenticate")
        case .authenticated: trace.begin(event.endpoint == .token ? "authorize" : "inspect")
        case .authorized: break
        }
    }
}

private struct FieldExtractor: Extractor {
    func extract(key: String, from fields: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { fields[$0] }
    }
}
