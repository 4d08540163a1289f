import Synchronization

/// Keeps metrics in memory and writes them in the text format of Prometheus, 0.0.4.
///
/// Counting takes no lock. To look up a metric by its name takes one, so callers keep the metric.
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
        var metrics: [PrometheusLabels: Metric] = [:]
    }

    private enum Metric {
        case counter(PrometheusCounter)
        case histogram(PrometheusHistogram)
    }

    private let state = Mutex(State())

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

    /// The whole document.
    package func text() -> String {
        let collectors = state.withLock { $0.collectors }
        var samples = PrometheusSamples()
        for collector in collectors { collector(&samples) }
        // The document is written without the lock, so a request that creates a metric does not wait for it.
        let (families, descriptions) = state.withLock { ($0.families, $0.descriptions) }
        for (name, family) in families {
            let help = descriptions[name]?.help ?? ""
            for (labels, metric) in family.metrics {
                switch metric {
                case .counter(let counter): samples.add(name, family.kind, help, labels, Double(counter.value))
                case .histogram(let histogram): samples.add(name, help, labels, histogram.reading)
                }
            }
        }
        return samples.text
    }

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
        state.withLock { state in
            _ = state.families[PrometheusName.metric(name)]?.metrics.removeValue(forKey: PrometheusLabels(labels))
        }
    }

    /// - Returns: `nil` if a metric of another kind has this name. A document cannot have both, so the later one is
    ///   left out.
    private func metric(
        _ name: String, _ labels: [(String, String)], _ kind: PrometheusKind, make: (Description) -> Metric
    ) -> Metric? {
        let name = PrometheusName.metric(name)
        let labels = PrometheusLabels(labels)
        return state.withLock { state in
            guard state.families[name, default: Family(kind: kind)].kind == kind else { return nil }
            if let known = state.families[name]?.metrics[labels] { return known }
            let metric = make(state.descriptions[name] ?? Description())
            state.families[name, default: Family(kind: kind)].metrics[labels] = metric
            return metric
        }
    }
}
