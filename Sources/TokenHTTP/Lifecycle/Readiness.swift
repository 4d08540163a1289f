import Synchronization

/// Whether the service wants requests: from the moment that it listens until it is told to stop.
final class Readiness: Sendable {
    private let ready = Atomic(false)

    var isReady: Bool { ready.load(ordering: .relaxed) }

    func begin() { ready.store(true, ordering: .relaxed) }

    func end() { ready.store(false, ordering: .relaxed) }
}
