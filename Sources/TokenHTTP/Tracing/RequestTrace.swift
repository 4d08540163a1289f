import AccessToken
import HTTPTypes
import Instrumentation
import OAuth
import Tracing

/// The span of one request with those of its steps; nothing where nobody wants traces.
struct RequestTrace: Sendable {
    private struct Active {
        let tracer: any Tracer
        let path: String
        let span: any Span
    }

    private let active: Active?

    /// - Parameters:
    ///   - tracer: nil where nobody wants traces.
    ///   - path: of the endpoint; with the method it is the span's name, OpenTelemetry's semantic conventions for HTTP.
    ///   - headers: may say of which trace the request is part: `traceparent`, W3C Trace Context section 3.2.
    init(_ tracer: (any Tracer)?, path: String, headers: HTTPFields) {
        active = tracer.map { tracer in
            var context = ServiceContext.topLevel
            tracer.extract(headers, into: &context, using: FieldExtractor())
            let span = tracer.startAnySpan("POST \(path)", context: context, ofKind: .server)
            return Active(tracer: tracer, path: path, span: span)
        }
    }

    /// Runs one step of the answer, in a span of its own.
    func step<Result, Failure: Error>(
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

    /// Ends the span of the request, with what is told of it.
    func end(_ event: RequestEvent) {
        guard let active else { return }
        let span = active.span
        defer { span.end() }
        guard span.isRecording else { return }
        let status = event.error?.status ?? 200
        // All at once: to set one of them is to write all of them again.
        var attributes: SpanAttributes = [:]
        attributes["http.request.method"] = "POST"
        attributes["http.response.status_code"] = status
        attributes["http.route"] = active.path
        attributes["writ.request_id"] = event.requestID
        if let address = event.address { attributes["client.address"] = address.description }
        if let client = event.client { attributes["writ.client_id"] = client.id.description }
        if let grantType = event.grantType { attributes["writ.grant_type"] = grantType.rawValue }
        if let error = event.error { attributes["error.type"] = error.code.description }
        span.attributes = attributes
        if status >= 500 { span.setStatus(SpanStatus(code: .error)) }
    }
}

private struct FieldExtractor: Extractor {
    func extract(key: String, from fields: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { fields[$0] }
    }
}
