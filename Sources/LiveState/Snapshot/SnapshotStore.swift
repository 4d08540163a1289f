import Synchronization

/// Holds the current snapshot. A request takes it once and keeps it to its end.
package final class SnapshotStore: Sendable {
    private let snapshot: Mutex<Snapshot>

    /// - Parameter snapshot: the first one.
    package init(_ snapshot: Snapshot) {
        self.snapshot = Mutex(snapshot)
    }

    /// The one that the next request is answered from.
    package var current: Snapshot {
        snapshot.withLock { $0 }
    }

    func replace(with snapshot: Snapshot) {
        self.snapshot.withLock { $0 = snapshot }
    }
}
