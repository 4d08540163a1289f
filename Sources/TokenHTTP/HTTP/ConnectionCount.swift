import HummingbirdCore
import Synchronization

/// Counts the connections of a listener and limits their number.
final class ConnectionCount: AvailableConnectionsDelegate {
    private let count = Atomic(0)
    private let maximum: Int

    /// - Parameter maximum: the most connections; further ones wait until others are closed.
    init(maximum: Int) {
        self.maximum = maximum
    }

    var current: Int { count.load(ordering: .relaxed) }

    func connectionOpened() { count.add(1, ordering: .relaxed) }

    func connectionClosed() { count.subtract(1, ordering: .relaxed) }

    func isAcceptingNewConnections() -> Bool { current < maximum }
}
