/// The destination of traces: `tracing` of the configuration, and the standard variables of OpenTelemetry.
package struct TracingDestination: Sendable, Equatable {
    /// A collector's URL for OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces.
    package let endpoint: String
    /// The ratio of sampled traces among those that begin in this service, from 0 to 1. Callers decide about their own
    /// traces.
    package let ratio: Double
    /// Sent with each request to the collector.
    package let headers: TracingHeaders
    /// Attributes of the resource by their names, `service.name` among them.
    package let resource: [String: String]

    init(
        endpoint: String, ratio: Double, headers: TracingHeaders = TracingHeaders([]), resource: [String: String] = [:]
    ) {
        self.endpoint = endpoint
        self.ratio = ratio
        self.headers = headers
        self.resource = resource
    }
}

/// Header fields for a collector. Their values are secrets, so no description contains them.
package struct TracingHeaders: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// A field of a request.
    package struct Field: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// The fields in their order.
    package let fields: [Field]

    init(_ fields: [Field]) {
        self.fields = fields
    }

    package var description: String { fields.map(\.name).joined(separator: ", ") }
    package var customMirror: Mirror { Mirror(self, children: ["names": description]) }
}
