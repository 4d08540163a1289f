import NIOCore
import NIOEmbedded
import NIOHTTP2

@testable import HTTPEdge

/// A connection without a network: its client, its octets and its clock are those of a test.
final class EmbeddedConnection {
    enum Version {
        case http1
        case http2
    }

    let loop = EmbeddedEventLoop()
    let socket = EmbeddedSocket()
    let listener: ListenerState
    private let channel: EmbeddedChannel
    private var reads = CircularBuffer<ByteBuffer>()
    /// Does what the responder waits for.
    ///
    /// - Returns: false if there is nothing to do.
    private let work: () -> Bool

    /// - Throws: if the connection is refused.
    init(
        _ version: Version, _ configuration: ListenerConfiguration, work: @escaping () -> Bool = { false }
    ) throws {
        self.work = work
        listener = ListenerState(configuration, on: loop)
        channel = EmbeddedChannel(handler: socket, loop: loop)
        channel.allowRemoteHalfClosure = true
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 40_000)
        channel.remoteAddress = address
        guard listener.admit(channel) else {
            close()
            throw ChannelError.ioOnClosedChannel
        }
        do {
            if version == .http1 { try ConnectionPipeline.configure(channel, listener) }
            channel.connect(to: address, promise: nil)
            // TLS is done before it is known that the client speaks HTTP/2.
            if version == .http2 {
                let (connection, loop) = try ConnectionPipeline.open(channel, listener)
                try ConnectionPipeline.addHTTP2(connection, loop)
            }
        } catch {
            close()
            throw error
        }
        channel.read()
        run()
    }

    var isOpen: Bool { channel.isActive }

    /// What the client has read so far.
    var received: [UInt8] { socket.received }

    /// The octets that the server has not asked for yet.
    var unsentCount: Int { reads.reduce(0) { $0 + $1.readableBytes } }

    /// The client sends octets. The server reads them when it wants to.
    func send(_ octets: some Collection<UInt8>) {
        var rest = ByteBuffer(bytes: octets)
        while let read = rest.readSlice(length: min(rest.readableBytes, ConnectionLimits.readSize)),
            read.readableBytes > 0
        { reads.append(read) }
        run()
    }

    /// Does everything that can be done now.
    func run() {
        var isDone: Bool
        repeat {
            takeTurns()
            isDone = true
            if channel.isActive, socket.wantsInput, let read = reads.popFirst() {
                socket.deliver(read)
                isDone = false
            }
            if work() { isDone = false }
        } while !isDone
    }

    /// Has everything parsed that waits for a turn.
    private func takeTurns() {
        loop.run()
        while let turns = listener.state(on: loop)?.turns, !turns.isEmpty { loop.advanceTime(by: .microseconds(100)) }
    }

    func advance(by time: TimeAmount) {
        loop.advanceTime(by: time)
        run()
    }

    /// The client closes its side. SwiftNIO then delivers everything that waits in the socket, wanted or not.
    func endInput() {
        while channel.isActive, let read = reads.popFirst() { socket.deliver(read) }
        socket.endInput()
        run()
    }

    /// The client resets the connection.
    func reset() {
        guard channel.isActive else { return }
        channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
        close()
    }

    private func close() {
        channel.close(promise: nil)
        loop.run()
    }
}
