import Synchronization

/// Holds the current snapshot. A request takes it once and keeps it to its end.
final class SnapshotStore: Sendable {
    private let snapshot: Mutex<Snapshot>

    init(_ snapshot: Snapshot) {
        self.snapshot = Mutex(snapshot)
    }

    var current: Snapshot {
        snapshot.withLock { $0 }
    }

    func replace(with snapshot: Snapshot) {
        self.snapshot.withLock { $0 = snapshot }
    }
}
