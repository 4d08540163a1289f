import AccessToken
import Foundation

extension SettingReader {
    /// `tracing`; nil where it is absent, or wrong and noted.
    mutating func tracingDestination() -> TracingDestination? {
        let ratio = value(.tracingRatio, Self.ratio)
        if has(.tracingRatio), !has(.tracingEndpoint) { note(.tracingRatio, "comes without tracing.endpoint") }
        guard let endpoint = value(.tracingEndpoint, Self.endpoint) else { return nil }
        return TracingDestination(endpoint: endpoint, ratio: ratio ?? 1)
    }

    private static func endpoint(_ text: String) throws(InvalidValue) -> String {
        // A collector is a neighbour, so plain http is fine: spans hold no secret.
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host()?.isEmpty == false else {
            throw InvalidValue("is not a URL such as http://127.0.0.1:4318/v1/traces")
        }
        return text
    }

    private static func ratio(_ text: String) throws(InvalidValue) -> Double {
        guard let ratio = Double(text), (0...1).contains(ratio) else { throw InvalidValue("is not from 0 to 1") }
        return ratio
    }
}
