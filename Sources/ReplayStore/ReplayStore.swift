package import NIOCore
import Synchronization

/// Keys that all replicas record at one server of Valkey or Redis, each for a time: `SET key 1 NX PX milliseconds`.
///
/// There are a few connections, each on an event loop. No key is recorded twice, however many replicas try at once. Without an
/// answer in time it is not known whether a key was recorded.
package final class ReplayStore: Sendable {
    /// How many commands were answered, and how.
    package struct Counts: Sendable {
        /// The key was recorded.
        package fileprivate(set) var recorded = 0
        /// The key was there.
        package fileprivate(set) var found = 0
        /// There was no answer that counts.
        package fileprivate(set) var failed = 0
    }

    /// The most connections.
    static let mostLinks = 4

    private let links: [StoreLink]
    private let turn = Atomic<Int>(0)
    private let state: StoreState
    private let outcomes = Mutex(Counts())

    /// - Parameters:
    ///   - wait: how long a command may wait for its reply, with the connection that it may need.
    ///   - report: called once when the store fails, with the reason, again for another reason, and with `nil` once it answers.
    package convenience init(
        _ server: StoreServer, wait: TimeAmount, on group: any EventLoopGroup,
        report: @escaping @Sendable (StoreFailure?) -> Void
    ) {
        let timing = StoreTiming(wait: wait)
        self.init(
            timing, probe: RESPCommand.select(server.database),
            loops: group.makeIterator().prefix(Self.mostLinks).map { $0 },
            dial: { server.connect(on: $0, within: timing.attempt, $1) }, report: report)
    }

    init(
        _ timing: StoreTiming, probe: ByteBuffer, loops: [any EventLoop], dial: @escaping StoreDial,
        report: @escaping @Sendable (StoreFailure?) -> Void
    ) {
        let state = StoreState(linkCount: loops.count, report: report)
        self.state = state
        links = loops.enumerated().map { index, loop in
            StoreLink(on: loop, timing, probe: probe, dial: dial) { state.change(index, failure: $0) }
        }
    }

    /// Begins to connect. The store need not be there.
    package func start() { for link in links { link.start() } }

    /// Ends all connections. What waits for a reply fails.
    package func stop() { for link in links { link.stop() } }

    /// Whether all connections are ready.
    package var isUp: Bool { state.isUp }

    /// The commands that were answered.
    package var counts: Counts { outcomes.withLock { $0 } }

    /// Records a key that is not there yet.
    ///
    /// - Parameters:
    ///   - life: how long the key stays, at least a millisecond.
    ///   - owner: who asks, for a fair share of the room.
    /// - Returns: whether it was not there.
    package func insert(_ key: String, for life: Duration, owner: String) async throws(StoreFailure) -> Bool {
        let result = await withCheckedContinuation { continuation in
            submit(key, for: life, owner: owner) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Records a key without waiting for the answer.
    package func note(_ key: String, for life: Duration, owner: String) {
        submit(key, for: life, owner: owner) { _ in }
    }

    private func submit(
        _ key: String, for life: Duration, owner: String,
        complete: @escaping @Sendable (Result<Bool, StoreFailure>) -> Void
    ) {
        let command = StoreCommand(
            octets: RESPCommand.insert(key, milliseconds: life.wholeMilliseconds), owner: owner
        ) { [self] result in
            outcomes.withLock { $0.add(result) }
            complete(result)
        }
        link.submit(command)
    }

    /// The one on this event loop, if there is one: no other thread has to be woken.
    private var link: StoreLink {
        links.first { $0.loop.inEventLoop }
            ?? links[Int(UInt(bitPattern: turn.add(1, ordering: .relaxed).newValue) % UInt(links.count))]
    }
}

extension ReplayStore.Counts {
    fileprivate mutating func add(_ result: Result<Bool, StoreFailure>) {
        switch result {
        case .success(true): recorded += 1
        case .success(false): found += 1
        case .failure: failed += 1
        }
    }
}

extension Duration {
    /// From 1 to a hundred years.
    fileprivate var wholeMilliseconds: Int64 {
        let longest: Int64 = 100 * 366 * 86400
        let (seconds, attoseconds) = components
        return max(1, min(max(seconds, 0), longest) * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
