import Synchronization

/// Whether the service is ready for requests: from the moment that it listens until it is asked to stop. A service that was
/// started without a key that can sign is not ready before the key can.
final class Readiness: Sendable {
    /// A later state is never left for an earlier one.
    private enum State: UInt8, AtomicRepresentable {
        case starting
        case ready
        case stopping
    }

    private let state = Atomic(State.starting)

    private let lacksKeyFlag = Atomic(false)

    var isReady: Bool { state.load(ordering: .relaxed) == .ready && !lacksKey }

    /// Whether the service has started without a key that can sign.
    var lacksKey: Bool { lacksKeyFlag.load(ordering: .relaxed) }

    func setLacksKey(_ lacksKey: Bool) { lacksKeyFlag.store(lacksKey, ordering: .relaxed) }

    /// Whether clients are asked to open their next connection to another replica.
    var isStopping: Bool { state.load(ordering: .relaxed) == .stopping }

    /// The service listens. Does nothing if it was asked to stop before that.
    func begin() {
        _ = state.compareExchange(expected: .starting, desired: .ready, ordering: .relaxed)
    }

    func end() { state.store(.stopping, ordering: .relaxed) }
}
