import AccessToken
package import Instrumentation
import OAuth
import Synchronization
package import Tracing
import WireText

/// The span of one request and the spans of its steps, and how long the steps took. It does nothing without a tracer
/// and at a log level above `trace`.
package struct RequestTrace: Sendable {
    private struct Active {
        let tracer: any Tracer
        let path: String
        let span: any Span
        var step: (any Span)?
    }

    private var active: Active?
    /// `nil` unless steps are timed.
    private let times: StepTimes?

    /// Begins the span of the request.
    ///
    /// - Parameters:
    ///   - tracer: `nil` if traces are off.
    ///   - path: the path of the endpoint. Method and path are the span's name, as in OpenTelemetry's semantic
    ///     conventions for HTTP.
    ///   - fields: the header fields of the request. `traceparent` may name the trace that the request belongs to, W3C
    ///     Trace Context section 3.2.
    ///   - timesSteps: whether ``RequestTrace/steps`` are wanted: ``EventReporter/logsSteps``.
    package init<Fields: Extractor>(
        _ tracer: (any Tracer)?, path: String, _ fields: Fields.Carrier, using extractor: Fields,
        timesSteps: Bool = false
    ) {
        times = timesSteps ? StepTimes() : nil
        guard let tracer else { return }
        var context = ServiceContext.topLevel
        tracer.extract(fields, into: &context, using: extractor)
        let span = tracer.startAnySpan("POST \(path)", context: context, ofKind: .server)
        active = Active(tracer: tracer, path: path, span: span)
    }

    /// The trace that the request belongs to: 32 hexadecimal digits, W3C Trace Context section 3.2.2.3. `nil` without a
    /// tracer.
    package var traceID: String? {
        guard let active else { return nil }
        var traceparent: String?
        active.tracer.inject(active.span.context, into: &traceparent, using: TraceparentInjector())
        // Behind the version and its hyphen.
        return traceparent.map { String($0.dropFirst(3).prefix(32)) }
    }

    /// The steps that have ended, with their times; empty unless they are timed.
    package var steps: [RequestStep] { times?.steps ?? [] }

    /// Begins a step of the request, in a span of its own.
    package mutating func begin(_ name: String) {
        times?.begin(name)
        guard let active else { return }
        self.active?.step = active.tracer.startAnySpan(name, context: active.span.context, ofKind: .internal)
    }

    /// Ends the step that was begun, and begins the next one.
    package mutating func beginNext(_ name: String) {
        endStep()
        begin(name)
    }

    /// Ends the current step, if there is one.
    package mutating func endStep(failed: Bool = false) {
        times?.end()
        guard let step = active?.step else { return }
        if failed { step.setStatus(SpanStatus(code: .error)) }
        step.end()
        active?.step = nil
    }

    /// Runs an optional step in a span of its own.
    package func step<Result, Failure: Error>(
        _ name: String, _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        times?.begin(name)
        defer { times?.end() }
        guard let active else { return try await body() }
        let span = active.tracer.startAnySpan(name, context: active.span.context, ofKind: .internal)
        defer { span.end() }
        do throws(Failure) { return try await body() } catch {
            span.setStatus(SpanStatus(code: .error))
            throw error
        }
    }

    /// Ends the span of the request, with the attributes of the event.
    package mutating func end(_ event: RequestEvent) {
        endStep(failed: event.refusal != nil)
        guard let active else { return }
        let span = active.span
        defer { span.end() }
        guard span.isRecording else { return }
        let status = event.refusal?.code.status ?? 200
        // Set all at once, because setting a single attribute copies all of them.
        var attributes: SpanAttributes = [:]
        attributes["http.request.method"] = "POST"
        attributes["http.response.status_code"] = status
        attributes["http.route"] = active.path
        attributes["writ.request_id"] = event.requestID
        if let address = event.address { attributes["client.address"] = address.description }
        if let client = event.client { attributes["writ.client_id"] = client.id.description }
        if let grantType = event.grantType { attributes["writ.grant_type"] = grantType.rawValue }
        if let refusal = event.refusal {
            attributes["error.type"] = refusal.code.error.description
            attributes["writ.cause"] = refusal.cause.rawValue
        }
        span.attributes = attributes
        if status >= 500 { span.setStatus(SpanStatus(code: .error)) }
    }
}

/// The times of a request's steps, which follow one another.
private final class StepTimes: Sendable {
    private struct State {
        var steps: [RequestStep] = []
        var current: (name: String, start: ContinuousClock.Instant)?
    }

    private let state = Mutex(State())

    var steps: [RequestStep] { state.withLock { $0.steps } }

    func begin(_ name: String) { state.withLock { $0.current = (name, .now) } }

    /// Ends the current step, if there is one.
    func end() {
        state.withLock { state in
            guard let current = state.current else { return }
            state.steps.append(RequestStep(name: current.name, duration: current.start.duration(to: .now)))
            state.current = nil
        }
    }
}

private struct TraceparentInjector: Injector {
    func inject(_ value: String, forKey key: String, into traceparent: inout String?) {
        if key == "traceparent" { traceparent = value }
    }
}
