import HummingbirdCore
import Synchronization

/// How many connections a listener has, and whether it takes another.
final class ConnectionCount: AvailableConnectionsDelegate {
    private let count = Atomic(0)
    private let maximum: Int

    /// - Parameter maximum: further ones wait until others are closed.
    init(maximum: Int) {
        self.maximum = maximum
    }

    var current: Int { count.load(ordering: .relaxed) }

    func connectionOpened() { count.add(1, ordering: .relaxed) }

    func connectionClosed() { count.subtract(1, ordering: .relaxed) }

    func isAcceptingNewConnections() -> Bool { current < maximum }
}
