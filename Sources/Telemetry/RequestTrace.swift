import AccessToken
package import Instrumentation
import OAuth
package import Tracing
import WireText

/// The span of one request and the spans of its steps. It does nothing without a tracer.
package struct RequestTrace: Sendable {
    private struct Active {
        let tracer: any Tracer
        let path: String
        let span: any Span
        var step: (any Span)?
    }

    private var active: Active?

    /// Begins the span of the request.
    ///
    /// - Parameters:
    ///   - tracer: `nil` if traces are off.
    ///   - path: the path of the endpoint. Method and path are the span's name, as in OpenTelemetry's semantic
    ///     conventions for HTTP.
    ///   - fields: the header fields of the request. `traceparent` may name the trace that the request belongs to, W3C
    ///     Trace Context section 3.2.
    package init<Fields: Extractor>(
        _ tracer: (any Tracer)?, path: String, _ fields: Fields.Carrier, using extractor: Fields
    ) {
        guard let tracer else { return }
        var context = ServiceContext.topLevel
        tracer.extract(fields, into: &context, using: extractor)
        let span = tracer.startAnySpan("POST \(path)", context: context, ofKind: .server)
        active = Active(tracer: tracer, path: path, span: span)
    }

    /// Begins a step of the request, in a span of its own.
    package mutating func begin(_ name: String) {
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
        guard let step = active?.step else { return }
        if failed { step.setStatus(SpanStatus(code: .error)) }
        step.end()
        active?.step = nil
    }

    /// Runs an optional step in a span of its own.
    package func step<Result, Failure: Error>(
        _ name: String, _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
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
        if let refusal = event.refusal { attributes["error.type"] = refusal.code.error.description }
        span.attributes = attributes
        if status >= 500 { span.setStatus(SpanStatus(code: .error)) }
    }
}
