import HummingbirdCore
import Logging
import NIOCore

/// Answers requests on the event loop of their connection.
///
/// Swift's own threads would cost each request two changes of thread, one to get there and one to come back. Nothing
/// that takes long may run here, then: signatures and password hashes have threads of their own. And little is read at a time:
/// requests in a pipeline are taken apart as they are read, however long the first of them takes.
struct LoopBoundChannel<Connection: ServerChildChannel>: ServerChildChannel {
    let connection: Connection

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection.Value> {
        do {
            try channel.syncOptions?.setOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readSize))
            try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return connection.setup(channel: channel, logger: logger)
    }

    /// In octets. Most requests are smaller.
    private static var readSize: Int { 4096 }

    func handle(value: Connection.Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await connection.handle(value: value, logger: logger)
        }
    }
}
