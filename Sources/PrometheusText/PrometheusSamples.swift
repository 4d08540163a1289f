/// The kinds of metric, as `# TYPE` calls them.
enum PrometheusKind: String {
    case counter
    case gauge
    case histogram
}

/// The values of a document, collected when it is written.
package struct PrometheusSamples {
    private struct Family {
        let kind: PrometheusKind
        let help: String
        var lines: [PrometheusLabels: String] = [:]
    }

    private var families: [String: Family] = [:]

    /// A value that goes up and down.
    package mutating func gauge(_ name: String, help: String, value: Double, labels: [(String, String)] = []) {
        add(PrometheusName.metric(name), .gauge, help, PrometheusLabels(labels), value)
    }

    /// A value that goes up. Its name should end in `_total`.
    package mutating func counter(_ name: String, help: String, value: Double, labels: [(String, String)] = []) {
        add(PrometheusName.metric(name), .counter, help, PrometheusLabels(labels), value)
    }

    mutating func add(
        _ name: String, _ kind: PrometheusKind, _ help: String, _ labels: PrometheusLabels, _ value: Double
    ) {
        add(name, kind, help, labels, lines: labels.line(name, Self.format(value)))
    }

    mutating func add(
        _ name: String, _ help: String, _ labels: PrometheusLabels, _ histogram: PrometheusHistogram.Reading
    ) {
        var lines = ""
        for (bound, count) in histogram.buckets {
            lines += labels.line("\(name)_bucket", String(count), more: "le=\"\(Self.format(bound))\"")
        }
        lines += labels.line("\(name)_sum", Self.format(histogram.sum))
        lines += labels.line("\(name)_count", String(histogram.buckets.last?.count ?? 0))
        add(name, .histogram, help, labels, lines: lines)
    }

    /// If two metrics share a name but not a kind, the first one wins.
    private mutating func add(
        _ name: String, _ kind: PrometheusKind, _ help: String, _ labels: PrometheusLabels, lines: String
    ) {
        // In place, without a copy: a family may have a hundred thousand metrics.
        guard families[name, default: Family(kind: kind, help: help)].kind == kind else { return }
        families[name, default: Family(kind: kind, help: help)].lines[labels] = lines
    }

    /// Families are sorted by name, metrics by labels.
    var text: String {
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            let help = family.help.isEmpty ? "Not described." : family.help
            text += "# HELP \(name) \(EscapedText(help, quotes: false).text)\n"
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (_, lines) in family.lines.sorted(by: { $0.key < $1.key }) { text += lines }
        }
        return text
    }

    /// Whole numbers without a fraction.
    private static func format(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }
}
