import AccessToken
import Foundation
import JOSE
import WireText

/// What the standard environment variables of OpenTelemetry say about traces (OpenTelemetry specification, "OpenTelemetry
/// Protocol Exporter" and "Environment Variable Specification"). An empty variable counts as absent.
struct OpenTelemetryVariables {
    /// A variable whose value is malformed. The message never contains the value: that may be a secret.
    struct Malformed: Equatable {
        let variable: String
        let message: String
    }

    private enum Name: String {
        case endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
        case tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
        case headers = "OTEL_EXPORTER_OTLP_HEADERS"
        case tracesHeaders = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
        case serviceName = "OTEL_SERVICE_NAME"
        case resourceAttributes = "OTEL_RESOURCE_ATTRIBUTES"
        case sampler = "OTEL_TRACES_SAMPLER"
        case samplerArgument = "OTEL_TRACES_SAMPLER_ARG"
    }

    private let environment: [String: String]
    private(set) var malformed: [Malformed] = []

    init(_ environment: [String: String]) {
        self.environment = environment
    }

    /// The URL for traces. `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is used as it is; `v1/traces` is appended to the base
    /// URL `OTEL_EXPORTER_OTLP_ENDPOINT`. `nil` if neither is set, or if it is malformed.
    mutating func endpoint() -> String? {
        if self[.tracesEndpoint] != nil { return value(.tracesEndpoint, TracingEndpoint.parse) }
        return value(.endpoint) { (text) throws(InvalidValue) in
            // The path cannot be appended to a URL with a query or a fragment.
            guard TracingEndpoint.isURL(text), !text.contains("?"), !text.contains("#") else {
                throw InvalidValue("is not a URL such as http://127.0.0.1:4318")
            }
            return text + (text.hasSuffix("/") ? "v1/traces" : "/v1/traces")
        }
    }

    /// The header fields of requests to the collector. `OTEL_EXPORTER_OTLP_TRACES_HEADERS` replaces
    /// `OTEL_EXPORTER_OTLP_HEADERS`.
    mutating func headers() -> TracingHeaders {
        let name = self[.tracesHeaders] == nil ? Name.headers : .tracesHeaders
        let fields = value(name) { (text) throws(InvalidValue) in
            try Self.pairs(text) { name, value in
                name.utf8.allSatisfy(ASCII.isTokenOctet)
                    && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            }
        }
        return TracingHeaders((fields ?? []).map { TracingHeaders.Field(name: $0.name, value: $0.value) })
    }

    /// `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_SERVICE_NAME` for `service.name`.
    mutating func resource() -> [String: String] {
        let pairs = value(.resourceAttributes) { (text) throws(InvalidValue) in try Self.pairs(text) { _, _ in true } }
        var attributes = Dictionary((pairs ?? []).map { ($0.name, $0.value) }) { $1 }
        if let name = self[.serviceName] { attributes["service.name"] = name }
        return attributes
    }

    /// The ratio of sampled traces among those that begin in this service, by `OTEL_TRACES_SAMPLER` and
    /// `OTEL_TRACES_SAMPLER_ARG`. With or without `parentbased_`, callers decide about their own traces. `nil` if there
    /// is none, or if it is malformed.
    mutating func ratio() -> Double? {
        let sampler = value(.sampler) { (text) throws(InvalidValue) in
            let name = text.hasPrefix("parentbased_") ? String(text.dropFirst("parentbased_".count)) : text
            guard ["always_on", "always_off", "traceidratio"].contains(name) else {
                throw InvalidValue("is not always_on, always_off or traceidratio, or one of these after parentbased_")
            }
            return name
        }
        switch sampler {
        case "always_on": return 1
        case "always_off": return 0
        // Without an argument the ratio is 1.
        case "traceidratio": return self[.samplerArgument] == nil ? 1 : value(.samplerArgument, TracingEndpoint.ratio)
        default: return nil
        }
    }

    /// The variable that names the collector; `nil` if there is none.
    var endpointVariable: String? {
        [Name.tracesEndpoint, .endpoint].first { self[$0] != nil }?.rawValue
    }

    /// The variable that names the ratio; `nil` if there is none.
    var samplerVariable: String? {
        [Name.samplerArgument, .sampler].first { self[$0] != nil }?.rawValue
    }

    private subscript(name: Name) -> String? {
        guard let text = environment[name.rawValue], !text.isEmpty else { return nil }
        return text
    }

    private mutating func value<Value>(
        _ name: Name, _ parse: (String) throws(InvalidValue) -> Value
    ) -> Value? {
        guard let text = self[name] else { return nil }
        do throws(InvalidValue) { return try parse(text) } catch {
            malformed.append(Malformed(variable: name.rawValue, message: "\(error)"))
            return nil
        }
    }

    /// `name=value,name=value`, with both percent-encoded (W3C Baggage section 3.3.1, without properties). Empty entries are
    /// skipped.
    private static func pairs(
        _ text: String, _ isAcceptable: (_ name: String, _ value: String) -> Bool
    ) throws(InvalidValue) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for entry in text.split(separator: ",") {
            let sides = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            if sides == [""] { continue }
            guard sides.count == 2, let name = sides[0].removingPercentEncoding, !name.isEmpty,
                let value = sides[1].removingPercentEncoding, isAcceptable(name, value)
            else { throw InvalidValue("has an entry that is not name=value, percent-encoded") }
            pairs.append((name, value))
        }
        return pairs
    }
}

/// Parses the settings for traces, from the file or from the environment.
enum TracingEndpoint {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        guard isURL(text) else { throw InvalidValue("is not a URL such as http://127.0.0.1:4318/v1/traces") }
        return text
    }

    /// Plain http is accepted, because a collector is nearby and spans contain no secret.
    static func isURL(_ text: String) -> Bool {
        (try? HTTPOrigin(of: AbsoluteURI(text))) != nil
    }

    static func ratio(_ text: String) throws(InvalidValue) -> Double {
        guard let ratio = Double(text), (0...1).contains(ratio) else { throw InvalidValue("is not from 0 to 1") }
        return ratio
    }
}
