import NIOCore
package import NIOPosix
import Synchronization
import WireText

/// Listens on one address, and answers the requests of HTTP/1.1 and, with TLS, of HTTP/2.
package final class HTTPListener: Sendable {
    /// The most connections that wait to be accepted. (It is usually also the system's own limit.)
    private static let backlog = 4096
    /// Accepts the connections of all listeners. The event loops that serve connections would accept a few between two
    /// rounds of requests, so that under load new connections waited for seconds.
    private static let accepting = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    /// How many connections are accepted before the limits are looked at again.
    private static let acceptedAtOnce: UInt = 16

    private let state: ListenerState
    let channel: any Channel
    private let failure: Failure
    private let isStopping = Atomic(false)

    /// Why the listener has ended.
    private final class Failure: Sendable {
        private let error = Mutex<(any Error)?>(nil)

        var last: (any Error)? { error.withLock { $0 } }

        func record(_ error: any Error) { self.error.withLock { $0 = error } }
    }

    /// Starts to listen.
    ///
    /// - Parameter group: its event loops serve the connections in turn.
    /// - Throws: the system's error if the address cannot be used.
    package init(_ configuration: ListenerConfiguration, group: MultiThreadedEventLoopGroup) async throws {
        let state = try await ListenerState(configuration, group: group)
        let failure = Failure()
        let descriptors = configuration.descriptors
        channel = try await ServerBootstrap(group: Self.accepting, childGroup: group)
            .serverChannelOption(.maxMessagesPerRead, value: Self.acceptedAtOnce)
            .serverChannelOption(.backlog, value: Int32(Self.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptHandler(state, descriptors, reportFailure: failure.record))
                }
            }
            .childChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // The buffers of the system count as memory of the container.
            .childChannelOption(.socketOption(.so_rcvbuf), value: 64 * 1024)
            .childChannelOption(.socketOption(.so_sndbuf), value: 128 * 1024)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 8 * 1024, high: 16 * 1024))
            .childChannelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: ConnectionLimits.readSize)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try ConnectionPipeline.configure(channel, state) }
            }
            .bind(host: configuration.host, port: configuration.port).get()
        self.state = state
        self.failure = failure
    }

    /// The address that the listener has, `127.0.0.1:8080` or `[::1]:8080`; with the port that the system chose for port 0.
    package var address: String? {
        guard let address = Peer(channel.localAddress).address, let port = channel.localAddress?.port else {
            return nil
        }
        return address.octets.count == 4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    /// How many connections are open.
    package var connectionCount: Int { state.connectionCount }

    /// Waits until the listener accepts no more connections.
    ///
    /// - Throws: the reason if the listener ended by itself.
    package func waitUntilClosed() async throws {
        try await channel.closeFuture.get()
        guard !isStopping.load(ordering: .relaxed) else { return }
        throw failure.last ?? ListenerClosed()
    }

    /// Accepts no more connections. Those that are open are served.
    package func stopAccepting() {
        isStopping.store(true, ordering: .relaxed)
        channel.close(promise: nil)
    }

    /// Lets requests end that have begun, and waits until all connections are closed.
    package func drain() async {
        state.drain()
        while state.connectionCount > 0 {
            await withCheckedContinuation { continuation in
                state.afterNextEnd { continuation.resume() }
                // The last connection may have ended before that.
                if state.connectionCount == 0 { state.endWaiting() }
            }
        }
    }

    /// Closes the listener and all connections at once.
    package func close() {
        stopAccepting()
        state.closeAll()
    }
}

/// A listener was closed although the service did not close it, and the system gave no reason.
package struct ListenerClosed: Error, CustomStringConvertible {
    package let description = "the socket was closed"
}
