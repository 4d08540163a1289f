import Synchronization

/// Keeps metrics in memory and writes them in the text format of Prometheus, 0.0.4.
///
/// Counting takes no lock. To look up a metric by its name takes one, so callers keep the metric. Writing the document
/// of a hundred thousand metrics holds that lock only for moments.
package final class PrometheusRegistry: Sendable {
    private struct Description {
        var help = ""
        /// Upper bounds in seconds, ascending.
        var bounds = PrometheusHistogram.standardBounds
    }

    private struct State {
        var descriptions: [String: Description] = [:]
        var families: [String: Family] = [:]
        var collectors: [@Sendable (inout PrometheusSamples) -> Void] = []
    }

    /// Metrics of one name, by their labels as they are written.
    private struct Family {
        let kind: PrometheusKind
        var metrics: [PrometheusLabels: PrometheusMetric] = [:]
        /// What has changed since the document was last written.
        var changes = PrometheusSeries.Changes()
    }

    private let state = Mutex(State())
    /// The metrics of each name, in the order of the document. Documents are written one at a time.
    private let series = Mutex<[String: PrometheusSeries]>([:])

    /// An empty registry.
    package init() {}

    /// Sets the help text of a metric, and the buckets of a histogram. Call it before the metric is created.
    ///
    /// - Parameter bounds: the upper bounds of a histogram's buckets in seconds, ascending.
    package func describe(_ name: String, help: String, bounds: [Double]? = nil) {
        state.withLock { state in
            state.descriptions[name] = Description(help: help, bounds: bounds ?? PrometheusHistogram.standardBounds)
        }
    }

    /// Calls `body` for further values each time that the document is written.
    package func collect(_ body: @escaping @Sendable (inout PrometheusSamples) -> Void) {
        state.withLock { $0.collectors.append(body) }
    }

    /// The whole document, as UTF-8.
    package func document() -> [UInt8] {
        series.withLock { series in
            let collectors = state.withLock { $0.collectors }
            var samples = PrometheusSamples()
            for collector in collectors { collector(&samples) }
            var document = PrometheusDocument(samples)
            let (families, descriptions) = state.withLock { state in
                let families = state.families.map { ($0.key, $0.value.kind, $0.value.changes) }
                for (name, _, _) in families { state.families[name]?.changes = .init() }
                return (families, state.descriptions)
            }
            for (name, kind, changes) in families {
                series[name, default: PrometheusSeries()].apply(changes)
                document.add(name, kind, descriptions[name]?.help ?? "", series[name]?.sorted ?? [])
            }
            return document.octets
        }
    }

    /// The whole document.
    package func text() -> String { String(decoding: document(), as: UTF8.self) }

    /// The counter of this name with these labels. The same name and labels give the same counter.
    package func counter(_ name: String, _ labels: [(String, String)] = []) -> PrometheusCounter {
        let metric = metric(name, labels, .counter) { _ in .counter(PrometheusCounter()) }
        if case .counter(let counter) = metric { return counter }
        return PrometheusCounter()
    }

    /// The histogram of this name with these labels. Its values are durations, written in seconds.
    package func histogram(_ name: String, _ labels: [(String, String)] = []) -> PrometheusHistogram {
        let metric = metric(name, labels, .histogram) { .histogram(PrometheusHistogram(bounds: $0.bounds)) }
        if case .histogram(let histogram) = metric { return histogram }
        return PrometheusHistogram(bounds: PrometheusHistogram.standardBounds)
    }

    /// Removes a metric whose labels are no longer used from the document.
    package func remove(_ name: String, _ labels: [(String, String)]) {
        let (name, labels) = (PrometheusName.metric(name), PrometheusLabels(labels))
        state.withLock { state in
            guard let metric = state.families[name]?.metrics.removeValue(forKey: labels) else { return }
            state.families[name]?.changes.removed.append(metric)
        }
    }

    /// - Returns: `nil` if a metric of another kind has this name. A document cannot have both, so the later one is
    ///   left out.
    private func metric(
        _ name: String, _ labels: [(String, String)], _ kind: PrometheusKind,
        make: (Description) -> PrometheusMetric
    ) -> PrometheusMetric? {
        let name = PrometheusName.metric(name)
        let labels = PrometheusLabels(labels)
        return state.withLock { state in
            guard state.families[name, default: Family(kind: kind)].kind == kind else { return nil }
            if let known = state.families[name]?.metrics[labels] { return known }
            let metric = make(state.descriptions[name] ?? Description())
            state.families[name, default: Family(kind: kind)].metrics[labels] = metric
            state.families[name]?.changes.added.append((labels, metric))
            return metric
        }
    }
}
