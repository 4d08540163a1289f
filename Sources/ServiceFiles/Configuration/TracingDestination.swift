/// Where traces go: `tracing` of the configuration.
package struct TracingDestination: Sendable, Equatable {
    /// `tracing.endpoint`: a collector's URL for OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces.
    package let endpoint: String
    /// `tracing.ratio`: the share of the traces that begin here, from 0 to 1; callers decide about theirs.
    package let ratio: Double
}
