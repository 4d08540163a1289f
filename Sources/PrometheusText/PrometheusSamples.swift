/// The kinds of metric, as `# TYPE` calls them.
enum PrometheusKind: String {
    case counter
    case gauge
    case histogram
}

/// The values of a document, collected when it is written.
package struct PrometheusSamples {
    struct Family {
        let kind: PrometheusKind
        let help: String
        var lines: [PrometheusLabels: [UInt8]] = [:]
    }

    private(set) var families: [String: Family] = [:]

    /// A value that goes up and down.
    package mutating func gauge(_ name: String, help: String, value: Double, labels: [(String, String)] = []) {
        add(PrometheusName.metric(name), .gauge, help, PrometheusLabels(labels), value)
    }

    /// A value that goes up. Its name should end in `_total`.
    package mutating func counter(_ name: String, help: String, value: Double, labels: [(String, String)] = []) {
        add(PrometheusName.metric(name), .counter, help, PrometheusLabels(labels), value)
    }

    /// If two metrics share a name but not a kind, the first one wins.
    private mutating func add(
        _ name: String, _ kind: PrometheusKind, _ help: String, _ labels: PrometheusLabels, _ value: Double
    ) {
        // In place, without a copy: a family may have a hundred thousand metrics.
        guard families[name, default: Family(kind: kind, help: help)].kind == kind else { return }
        var line: [UInt8] = []
        labels.write(name, PrometheusNumber.text(value), to: &line)
        families[name, default: Family(kind: kind, help: help)].lines[labels] = line
    }
}

enum PrometheusNumber {
    /// Whole numbers without a fraction.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }
}
