package import CoreMetrics
import Synchronization

/// A backend of swift-metrics that keeps everything in memory and writes it in the text format of Prometheus, 0.0.4.
///
/// What is counted and recorded takes no lock; to find a metric by its name takes one, so metrics are kept by those who
/// use them.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    private struct Description {
        var help = ""
        /// Upper bounds, ascending.
        var bounds = HistogramCell.standardBounds
    }

    private struct State {
        var descriptions: [String: Description] = [:]
        var families: [String: Family] = [:]
        var collectors: [@Sendable (inout PrometheusSamples) -> Void] = []
    }

    /// Metrics of one name, by their labels as they are written.
    struct Family {
        let kind: PrometheusKind
        var cells: [PrometheusLabels: Cell] = [:]
    }

    enum Cell {
        case number(NumberCell)
        case histogram(HistogramCell)
    }

    private let state = Mutex(State())

    /// Nothing is in it.
    package init() {}

    /// Says what a metric is, before it is made.
    ///
    /// - Parameter bounds: the upper bounds of a histogram's buckets, ascending; of a timer they are in seconds.
    package func describe(_ name: String, help: String, bounds: [Double]? = nil) {
        state.withLock { state in
            state.descriptions[name] = Description(help: help, bounds: bounds ?? HistogramCell.standardBounds)
        }
    }

    /// Has `body` asked for further values whenever somebody wants the document.
    package func collect(_ body: @escaping @Sendable (inout PrometheusSamples) -> Void) {
        state.withLock { $0.collectors.append(body) }
    }

    /// The whole document.
    package func text() -> String {
        let collectors = state.withLock { $0.collectors }
        var samples = PrometheusSamples()
        for collector in collectors { collector(&samples) }
        // Who wants to count something new does not wait while the document is written.
        let (families, descriptions) = state.withLock { ($0.families, $0.descriptions) }
        for (name, family) in families {
            let help = descriptions[name]?.help ?? ""
            for (labels, cell) in family.cells {
                switch cell {
                case .number(let cell): samples.add(name, family.kind, help, labels, cell.value)
                case .histogram(let cell): samples.add(name, help, labels, cell.reading)
                }
            }
        }
        return samples.text
    }

    /// Takes a metric out of the document, for labels that will not come again.
    package func remove(_ name: String, _ dimensions: [(String, String)]) {
        state.withLock { state in
            _ = state.families[PrometheusName.metric(name)]?.cells.removeValue(forKey: PrometheusLabels(dimensions))
        }
    }

    // MARK: MetricsFactory

    /// A counter.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        number(label, dimensions, .counter)
    }

    /// A counter.
    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        number(label, dimensions, .counter)
    }

    /// A gauge.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        number(label, dimensions, .gauge)
    }

    /// A histogram where values are to be aggregated, else a gauge.
    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : number(label, dimensions, .gauge)
    }

    /// A histogram in seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    /// Metrics stay until the process ends.
    package func destroyCounter(_: any CounterHandler) {}
    /// Metrics stay until the process ends.
    package func destroyFloatingPointCounter(_: any FloatingPointCounterHandler) {}
    /// Metrics stay until the process ends.
    package func destroyMeter(_: any MeterHandler) {}
    /// Metrics stay until the process ends.
    package func destroyRecorder(_: any RecorderHandler) {}
    /// Metrics stay until the process ends.
    package func destroyTimer(_: any TimerHandler) {}

    private func number(_ name: String, _ dimensions: [(String, String)], _ kind: PrometheusKind) -> NumberCell {
        let cell = cell(name, dimensions, kind) { _ in .number(NumberCell()) }
        if case .number(let cell) = cell { return cell }
        return NumberCell()
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramCell {
        let cell = cell(name, dimensions, .histogram) { .histogram(HistogramCell(bounds: $0.bounds)) }
        if case .histogram(let cell) = cell { return cell }
        return HistogramCell(bounds: HistogramCell.standardBounds)
    }

    /// - Returns: nil where the name is that of another kind of metric: a document cannot have both, so the later one counts
    ///   for nothing.
    private func cell(
        _ name: String, _ dimensions: [(String, String)], _ kind: PrometheusKind, make: (Description) -> Cell
    ) -> Cell? {
        let name = PrometheusName.metric(name)
        let labels = PrometheusLabels(dimensions)
        return state.withLock { state in
            guard state.families[name, default: Family(kind: kind)].kind == kind else { return nil }
            if let known = state.families[name]?.cells[labels] { return known }
            let cell = make(state.descriptions[name] ?? Description())
            state.families[name, default: Family(kind: kind)].cells[labels] = cell
            return cell
        }
    }
}
