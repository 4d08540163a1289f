import Synchronization

/// Whether the service wants requests: from its start until it is told to stop.
final class Readiness: Sendable {
    private let ready = Atomic(true)

    var isReady: Bool { ready.load(ordering: .relaxed) }

    func end() { ready.store(false, ordering: .relaxed) }
}
