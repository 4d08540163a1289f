import HummingbirdCore
import Logging
import NIOCore

/// Answers requests on the event loop of their connection.
///
/// Swift's own threads would cost each request two changes of thread, one to get there and one to come back. Nothing
/// that takes long may run here, then: signatures and password hashes have threads of their own.
struct LoopBoundChannel<Connection: ServerChildChannel>: ServerChildChannel {
    let connection: Connection

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection.Value> {
        connection.setup(channel: channel, logger: logger)
    }

    func handle(value: Connection.Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await connection.handle(value: value, logger: logger)
        }
    }
}
