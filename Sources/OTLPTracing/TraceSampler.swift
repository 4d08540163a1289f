/// Which traces that begin here are recorded.
///
/// The trace's identifier decides, so that everybody who takes the same share takes the same traces: its last 7 octets, as a
/// number, are compared with a threshold (OpenTelemetry, TraceState Probability Sampling).
struct TraceSampler: Sendable {
    private let threshold: UInt64

    private static let bits: UInt64 = 1 << 56

    /// - Parameter ratio: the share of traces. Below 0, and no number, count as 0; above 1 counts as 1.
    init(ratio: Double) {
        threshold = ratio > 0 ? UInt64((1 - min(ratio, 1)) * Double(Self.bits)) : Self.bits
    }

    func samples(_ traceID: TraceID) -> Bool {
        traceID.low & (Self.bits - 1) >= threshold
    }
}
