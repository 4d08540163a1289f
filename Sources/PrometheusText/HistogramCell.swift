import CoreMetrics
import Synchronization

/// A histogram: how many values were not above each bound.
final class HistogramCell: TimerHandler, RecorderHandler {
    /// From a tenth of a millisecond to ten seconds.
    static let standardBounds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// What a histogram holds at one moment.
    struct Reading {
        /// Cumulative, for each bound and for infinity.
        let buckets: [(bound: Double, count: UInt64)]
        let sum: Double
    }

    private final class Bucket: Sendable {
        let count = Atomic<UInt64>(0)
    }

    private let bounds: [Double]
    /// One more than there are bounds.
    private let buckets: [Bucket]
    private let sum = NumberCell()

    init(bounds: [Double]) {
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Bucket() }
    }

    func record(_ value: Double) {
        // It would be in the sum for good.
        guard !value.isNaN else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        buckets[index].count.wrappingAdd(1, ordering: .relaxed)
        sum.increment(by: value)
    }

    func record(_ value: Int64) { record(Double(value)) }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    /// The number of all values is that of the last bucket, so that it fits the others while more are recorded.
    var reading: Reading {
        var count: UInt64 = 0
        let counts = zip(bounds + [.infinity], buckets).map { bound, bucket in
            count &+= bucket.count.load(ordering: .relaxed)
            return (bound, count)
        }
        return Reading(buckets: counts, sum: sum.value)
    }
}
