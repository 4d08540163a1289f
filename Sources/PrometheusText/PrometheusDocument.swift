/// The text format of Prometheus, 0.0.4: families sorted by name, metrics by labels.
struct PrometheusDocument {
    private struct Family {
        let kind: PrometheusKind
        let help: String
        var lines: [UInt8]
    }

    private var families: [String: Family] = [:]
    private let samples: [String: PrometheusSamples.Family]

    /// - Parameter samples: the values that were collected for the document.
    init(_ samples: PrometheusSamples) {
        self.samples = samples.families
        for (name, family) in samples.families { add(name, family) }
    }

    private mutating func add(_ name: String, _ family: PrometheusSamples.Family) {
        var lines: [UInt8] = []
        for (_, line) in family.lines.sorted(by: { $0.key < $1.key }) { lines.append(contentsOf: line) }
        families[name] = Family(kind: family.kind, help: family.help, lines: lines)
    }

    /// Adds all metrics of one name, sorted by their labels. If collected values have the name but another kind, these
    /// metrics are left out.
    mutating func add(_ name: String, _ kind: PrometheusKind, _ help: String, _ series: [PrometheusSeries.Element]) {
        guard var collected = samples[name] else {
            var lines: [UInt8] = []
            for (labels, metric) in series { labels.write(name, metric, to: &lines) }
            families[name] = Family(kind: kind, help: help, lines: lines)
            return
        }
        guard collected.kind == kind else { return }
        for (labels, metric) in series {
            var lines: [UInt8] = []
            labels.write(name, metric, to: &lines)
            collected.lines[labels] = lines
        }
        add(name, collected)
    }

    var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(families.values.reduce(0) { $0 + $1.lines.count + 256 })
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.lines.isEmpty {
            let help = family.help.isEmpty ? "Not described." : family.help
            octets.append(contentsOf: "# HELP \(name) \(EscapedText(help, quotes: false).text)\n".utf8)
            octets.append(contentsOf: "# TYPE \(name) \(family.kind.rawValue)\n".utf8)
            octets.append(contentsOf: family.lines)
        }
        return octets
    }
}

extension PrometheusLabels {
    /// Writes the lines of a metric with these labels.
    func write(_ name: String, _ metric: PrometheusMetric, to lines: inout [UInt8]) {
        switch metric {
        case .counter(let counter): write(name, String(counter.value), to: &lines)
        case .histogram(let histogram):
            let reading = histogram.reading
            for (bound, count) in reading.buckets {
                write("\(name)_bucket", String(count), more: "le=\"\(PrometheusNumber.text(bound))\"", to: &lines)
            }
            write("\(name)_sum", PrometheusNumber.text(reading.sum), to: &lines)
            write("\(name)_count", String(reading.buckets.last?.count ?? 0), to: &lines)
        }
    }
}
