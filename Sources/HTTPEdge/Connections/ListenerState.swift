import NIOCore
import Synchronization
import WireText

/// What the connections of a listener have in common.
final class ListenerState: Sendable {
    /// What the connections of one event loop have in common.
    final class LoopState {
        /// The connections of clients that have not authenticated; only these may be closed for others.
        let strangers = OpenConnections()
        let authenticated = OpenConnections()
        let turns: ReadTurns
        var date: ResponseDate

        init(_ loop: any EventLoop, date: ResponseDate) {
            turns = ReadTurns(loop)
            self.date = date
        }
    }

    private let configuration: ListenerConfiguration
    private let loops: [(loop: any EventLoop, state: NIOLoopBound<LoopState>)]
    private let count = Atomic(0)
    private let isDraining = Atomic(false)
    /// The event loop that is next to close a connection.
    private let nextLoop = Atomic(0)
    /// Called when a connection has ended: by a listener that waits for room, and by one that waits for the last one.
    private let waiting = Mutex<[@Sendable () -> Void]>([])

    /// - Parameter group: its event loops have the connections.
    convenience init(_ configuration: ListenerConfiguration, group: any EventLoopGroup) async throws {
        var loops: [(any EventLoop, NIOLoopBound<LoopState>)] = []
        for loop in group.makeIterator() {
            loops.append((loop, try await loop.submit { Self.loopState(configuration, loop) }.get()))
        }
        self.init(configuration, loops: loops)
    }

    /// - Parameter loop: the current event loop. It has all connections.
    convenience init(_ configuration: ListenerConfiguration, on loop: any EventLoop) {
        self.init(configuration, loops: [(loop, Self.loopState(configuration, loop))])
    }

    private init(_ configuration: ListenerConfiguration, loops: [(any EventLoop, NIOLoopBound<LoopState>)]) {
        self.configuration = configuration
        self.loops = loops
    }

    private static func loopState(
        _ configuration: ListenerConfiguration, _ loop: any EventLoop
    ) -> NIOLoopBound<LoopState> {
        NIOLoopBound(LoopState(loop, date: ResponseDate(now: configuration.now)), eventLoop: loop)
    }

    var limits: ConnectionLimits { configuration.limits }

    var budget: MemoryBudget { configuration.budget }

    var tls: (@Sendable () -> ServerTLS)? { configuration.tls }

    func report(certificates: [[UInt8]]) { configuration.reportCertificates(certificates) }

    func respond(_ request: Request, _ loop: any EventLoop) -> Reply { configuration.respond(request, loop) }

    func report(_ event: EdgeEvent) { configuration.report(event) }

    /// How many connections are open.
    var connectionCount: Int { count.load(ordering: .relaxed) }

    /// Whether a further connection may be accepted now.
    var hasRoom: Bool { connectionCount < limits.connections && budget.hasRoomForConnections }

    /// Whether the listener waits for its connections to end.
    var isEnding: Bool { isDraining.load(ordering: .relaxed) }

    /// Calls `action` once when the next connection has ended, on any thread.
    func afterNextEnd(_ action: @escaping @Sendable () -> Void) { waiting.withLock { $0.append(action) } }

    /// To be called on `loop`.
    func state(on loop: any EventLoop) -> LoopState? { loops.first { $0.loop === loop }?.state.value }

    func share(of peer: Peer) -> AddressBlock? { peer.address.flatMap(configuration.share) }

    /// Draws the memory for a new connection, and counts it until it is closed.
    ///
    /// - Returns: false if the connection must be refused.
    func admit(_ channel: any Channel) -> Bool {
        let peer = Peer(channel.remoteAddress)
        let share = share(of: peer)
        guard case .granted = budget.draw(MemoryCost.connection, for: share) else {
            report(.noMemory(peer.address))
            return false
        }
        count.add(1, ordering: .relaxed)
        channel.closeFuture.whenComplete { [self] _ in
            budget.giveBack(MemoryCost.connection, for: share)
            count.subtract(1, ordering: .relaxed)
            endWaiting()
        }
        return true
    }

    /// Calls what waits for the end of a connection.
    func endWaiting() {
        let actions = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for action in actions { action() }
    }

    /// Closes a connection that may be closed, on one of the event loops, if there is one.
    func evict() {
        let start = nextLoop.add(1, ordering: .relaxed).oldValue % loops.count
        evict(from: (loops[start...] + loops[..<start])[...])
    }

    private func evict(from rest: ArraySlice<(loop: any EventLoop, state: NIOLoopBound<LoopState>)>) {
        guard let first = rest.first else { return }
        first.loop.execute { [self] in
            if !first.state.value.strangers.evictOne(now: first.loop.now) { evict(from: rest.dropFirst()) }
        }
    }

    /// Asks all connections to end after their current requests.
    func drain() {
        isDraining.store(true, ordering: .relaxed)
        forEachConnection { $0.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// Closes all connections.
    func closeAll() {
        isDraining.store(true, ordering: .relaxed)
        forEachConnection { $0.channel.close(promise: nil) }
    }

    private func forEachConnection(_ body: @escaping @Sendable (OpenConnection) -> Void) {
        for (loop, state) in loops {
            loop.execute {
                for connection in state.value.strangers.all + state.value.authenticated.all { body(connection) }
            }
        }
    }
}
