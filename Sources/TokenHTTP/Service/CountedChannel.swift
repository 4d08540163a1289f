import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// How many connections a listener has.
final class ConnectionCount: Sendable {
    private let count = Atomic(0)

    var current: Int { count.load(ordering: .relaxed) }

    func follow(_ channel: any Channel) {
        count.add(1, ordering: .relaxed)
        channel.closeFuture.whenComplete { _ in self.count.subtract(1, ordering: .relaxed) }
    }
}

/// Connections of another kind, counted.
struct CountedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let count: ConnectionCount

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        count.follow(channel)
        return base.setup(channel: channel, logger: logger)
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
