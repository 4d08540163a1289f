import JOSE
import Tracing

/// What all spans of the process have in common (OpenTelemetry, Resource semantic conventions), written once.
struct ResourceAttributes: Sendable {
    /// The members of the object `resource`.
    let json: [UInt8]

    /// - Parameter given: win over the others.
    init(serviceVersion: String, _ given: SpanAttributes) {
        var attributes: SpanAttributes = ["service.name": "writ", "service.version": .string(serviceVersion)]
        attributes.merge(given)
        var writer = JSONWriter()
        writer.attributes(attributes)
        json = writer.bytes
    }
}
