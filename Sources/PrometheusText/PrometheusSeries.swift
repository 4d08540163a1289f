/// A metric that is counted while the service works.
enum PrometheusMetric {
    case counter(PrometheusCounter)
    case histogram(PrometheusHistogram)

    var identity: ObjectIdentifier {
        switch self {
        case .counter(let counter): ObjectIdentifier(counter)
        case .histogram(let histogram): ObjectIdentifier(histogram)
        }
    }
}

/// The metrics of one name, sorted by their labels. Only what has changed is sorted when the document is written again.
struct PrometheusSeries {
    typealias Element = (labels: PrometheusLabels, metric: PrometheusMetric)

    /// What has changed since the document was last written.
    struct Changes {
        var added: [Element] = []
        var removed: [PrometheusMetric] = []
    }

    private(set) var sorted: [Element] = []

    mutating func apply(_ changes: Changes) {
        if !changes.added.isEmpty {
            sorted = Self.merge(sorted, changes.added.sorted { $0.labels < $1.labels })
        }
        guard !changes.removed.isEmpty else { return }
        // A metric may have been added and removed, and another one with its labels added again.
        let removed = Set(changes.removed.map(\.identity))
        sorted.removeAll { removed.contains($0.metric.identity) }
    }

    private static func merge(_ first: [Element], _ second: [Element]) -> [Element] {
        var merged: [Element] = []
        merged.reserveCapacity(first.count + second.count)
        var rest = second[...]
        for element in first {
            while let next = rest.first, next.labels < element.labels { merged.append(rest.removeFirst()) }
            merged.append(element)
        }
        return merged + rest
    }
}
