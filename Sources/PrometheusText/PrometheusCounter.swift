import Synchronization

/// A number that only increases. It takes no lock.
package final class PrometheusCounter: Sendable {
    private let count = Atomic<Int>(0)

    package var value: Int { count.load(ordering: .relaxed) }

    package func increment() { count.wrappingAdd(1, ordering: .relaxed) }
}
