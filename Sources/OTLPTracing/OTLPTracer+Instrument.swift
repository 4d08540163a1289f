package import Tracing

extension OTLPTracer {
    private static let traceparent = "traceparent"
    private static let tracestate = "tracestate"

    /// Takes the caller's span from `traceparent` and `tracestate` (W3C Trace Context) into ``ServiceContext/spanContext``.
    /// Where there is none, or it is malformed, the context stays as it is.
    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let traceparent = extractor.extract(key: Self.traceparent, from: carrier) else { return }
        let tracestate = extractor.extract(key: Self.tracestate, from: carrier)
        guard let spanContext = SpanContext(traceparent: traceparent, tracestate: tracestate) else { return }
        context.spanContext = spanContext
    }

    /// Writes `traceparent`, and `tracestate` where there is one, for a request made within the span of `context`; nothing
    /// outside of any trace.
    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let spanContext = context.spanContext else { return }
        injector.inject(spanContext.traceparent, forKey: Self.traceparent, into: &carrier)
        guard let state = spanContext.state else { return }
        injector.inject(state, forKey: Self.tracestate, into: &carrier)
    }
}
