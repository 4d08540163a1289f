import Synchronization

/// Whether the service is ready for requests: from the moment that it listens until it is asked to stop.
final class Readiness: Sendable {
    /// A later state is never left for an earlier one.
    private enum State: UInt8, AtomicRepresentable {
        case starting
        case ready
        case stopping
    }

    private let state = Atomic(State.starting)

    var isReady: Bool { state.load(ordering: .relaxed) == .ready }

    /// Whether clients are asked to open their next connection to another replica.
    var isStopping: Bool { state.load(ordering: .relaxed) == .stopping }

    /// The service listens. Does nothing if it was asked to stop before that.
    func begin() {
        _ = state.compareExchange(expected: .starting, desired: .ready, ordering: .relaxed)
    }

    func end() { state.store(.stopping, ordering: .relaxed) }
}
