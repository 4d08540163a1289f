import HummingbirdCore
import Logging
import NIOCore

/// Limits the size of each read. Requests in a pipeline are parsed as they are read, and wait in memory until the first
/// of them is answered.
struct SmallReadsChannel<Connection: ServerChildChannel>: ServerChildChannel {
    /// The size of one read in octets. Most requests are smaller.
    private static var readSize: Int { 4096 }

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

    func handle(value: Connection.Value, logger: Logger) async {
        await connection.handle(value: value, logger: logger)
    }
}
