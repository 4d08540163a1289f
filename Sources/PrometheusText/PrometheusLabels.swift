/// What tells metrics of one name apart: labels as they are written between braces, sorted by name.
struct PrometheusLabels: Hashable, Comparable {
    let text: String

    /// Labels without a value are left out: Prometheus takes them for absent.
    init(_ labels: [(String, String)]) {
        var values: [String: String] = [:]
        for (name, value) in labels where !value.isEmpty { values[PrometheusName.label(name)] = value }
        text = values.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
            .joined(separator: ",")
    }

    /// - Parameter more: a further label, such as a bucket's `le`.
    func line(_ name: String, _ value: String, more: String? = nil) -> String {
        let all = [text, more ?? ""].filter { !$0.isEmpty }.joined(separator: ",")
        return all.isEmpty ? "\(name) \(value)\n" : "\(name){\(all)} \(value)\n"
    }

    private static func escaped(_ value: String) -> String { EscapedText(value, quotes: true).text }

    static func < (first: PrometheusLabels, second: PrometheusLabels) -> Bool { first.text < second.text }
}
