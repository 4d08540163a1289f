import Synchronization

/// Counts durations: how many do not exceed each bound. It takes no lock.
package final class PrometheusHistogram: Sendable {
    /// In seconds, from a tenth of a millisecond to ten seconds.
    static let standardBounds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// What a histogram holds at one moment.
    struct Reading {
        /// Cumulative, for each bound and for infinity.
        let buckets: [(bound: Double, count: Int)]
        /// In seconds.
        let sum: Double
    }

    private let bounds: [Double]
    /// One for each bound, and one for longer durations.
    private let buckets: [PrometheusCounter]
    /// The bits of a double, in seconds.
    private let sum = Atomic<UInt64>(0)

    init(bounds: [Double]) {
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in PrometheusCounter() }
    }

    package func record(nanoseconds: Int64) {
        let seconds = Double(nanoseconds) / 1e9
        buckets[bounds.firstIndex { seconds <= $0 } ?? bounds.count].increment()
        var known = sum.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: known) + seconds).bitPattern
            let (isDone, current) = sum.weakCompareExchange(expected: known, desired: new, ordering: .relaxed)
            if isDone { return }
            known = current
        }
    }

    /// The count of all values is that of the last bucket, so that both agree while other tasks record values.
    var reading: Reading {
        var count = 0
        let counts = zip(bounds + [.infinity], buckets).map { bound, bucket in
            count &+= bucket.value
            return (bound, count)
        }
        return Reading(buckets: counts, sum: Double(bitPattern: sum.load(ordering: .relaxed)))
    }
}
