package import AccessToken
package import OAuth
import Synchronization

/// When each client last got a token, and how many requests it may make now.
///
/// Entries are found by the identifier of the client, so that a reload of the clients changes none of them. Only a client that
/// has authenticated gets one, and ``forget(except:)`` drops those of clients that are gone, so that there are no more than
/// registered clients.
package final class ClientUses: Sendable {
    /// The entries of some of the clients, so that requests seldom wait for one another, and a look at all entries holds no
    /// lock for long.
    private final class Shard: Sendable {
        let uses = Mutex<[ClientID: ClientUse]>([:])
    }

    private let shards = (0..<64).map { _ in Shard() }
    private let sinceSeconds: Atomic<Int64>
    private let epoch: ContinuousClock.Instant
    private let refusals = Atomic<Int>(0)
    /// The clients for which ``forget(except:)`` has dropped all others.
    private let known = Mutex<ClientRegistry?>(nil)

    /// - Parameters:
    ///   - start: from which on all uses are recorded.
    ///   - epoch: a moment of the clock that requests are counted by, not later than any of them.
    package init(start: NumericDate, epoch: ContinuousClock.Instant = .now) {
        sinceSeconds = Atomic(start.seconds)
        self.epoch = epoch
    }

    /// From this moment on all uses are recorded.
    package var since: NumericDate { NumericDate(sinceSeconds.load(ordering: .relaxed)) }

    /// How many requests were over the limit of their client.
    package var refusalCount: Int { refusals.load(ordering: .relaxed) }

    /// When a client last got a token; `nil` if it got none since ``since``, as far as is known here.
    package func lastUse(of client: ClientID) -> NumericDate? { find(client)?.lastUse }

    /// Records that a client gets a token.
    package func record(_ client: ClientID, at now: NumericDate) { entry(client).record(now) }

    /// Counts a request of a client that has authenticated, if the client has a limit.
    ///
    /// - Throws: ``TokenRefusal/Code/tooManyRequests`` with the time to wait, without counting, if the limit is reached.
    package func admit(
        _ client: Client, now: @autoclosure () -> ContinuousClock.Instant = .now
    ) throws(TokenRefusal) {
        guard let limit = client.requestsPerMinute else { return }
        let elapsed = epoch.duration(to: now()).nanoseconds
        guard let wait = entry(client.id).wait(RequestRate(perMinute: limit), now: elapsed) else { return }
        refusals.add(1, ordering: .relaxed)
        let seconds = (wait + 999_999_999) / 1_000_000_000
        throw TokenRefusal(.tooManyRequests, retryAfter: Int(seconds))
    }

    /// Drops what is known of clients that are no longer registered.
    package func forget(except clients: ClientRegistry) {
        let isDone = known.withLock { known in
            defer { known = clients }
            return known === clients
        }
        // A request of a client that was removed meanwhile may still be recorded: its entry goes with the next reload.
        guard !isDone else { return }
        for shard in shards {
            shard.uses.withLock { uses in
                let gone = uses.keys.filter { clients[$0] == nil }
                for client in gone { uses[client] = nil }
            }
        }
    }

    /// The last use of each client that has got a token, in no order.
    package var lastUses: [LastUse] { all { client, use in use.lastUse.map { LastUse(client, at: $0) } } }

    /// For each client with a limit, how many of its requests were over it.
    package var refusalCounts: [(client: ClientID, count: Int)] {
        all { client, use in use.refusalCount.map { (client, $0) } }
    }

    /// The last uses that are not saved.
    package var unsaved: [LastUse] { all { client, use in use.unsaved.map { LastUse(client, at: $0) } } }

    /// These last uses are saved.
    package func markSaved(_ saved: [LastUse]) {
        for use in saved { find(use.client)?.setSaved(use.time) }
    }

    /// No last use is saved any more, since the file is another one.
    package func markAllUnsaved() {
        _ = all { _, use -> Void? in
            use.setSaved(nil)
            return nil
        }
    }

    /// Adds what was saved: uses of registered clients, and from when on they were recorded.
    ///
    /// - Parameter latest: the latest time that a use can have by the clock of today. A later one was recorded before the clock was
    ///   set back.
    package func merge(_ saved: [LastUse], since: NumericDate, latest: NumericDate) {
        for use in saved { entry(use.client).merge(saved: use.time, latest: latest) }
        sinceSeconds.store(since.seconds, ordering: .relaxed)
    }

    private func all<Value>(_ value: (ClientID, ClientUse) -> Value?) -> [Value] {
        shards.flatMap { shard in
            // The lock is held for a reference alone.
            shard.uses.withLock { $0 }.compactMap { value($0.key, $0.value) }
        }
    }

    private func shard(of client: ClientID) -> Shard {
        shards[Int(UInt(bitPattern: client.hashValue) % UInt(shards.count))]
    }

    private func find(_ client: ClientID) -> ClientUse? { shard(of: client).uses.withLock { $0[client] } }

    private func entry(_ client: ClientID) -> ClientUse {
        shard(of: client).uses.withLock { uses in
            if let known = uses[client] { return known }
            let new = ClientUse()
            uses[client] = new
            return new
        }
    }
}

extension Duration {
    /// Whole nanoseconds; a process does not run for the 292 years that 64 bits hold.
    fileprivate var nanoseconds: Int64 {
        let (seconds, isTooLong) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isTooLong ? .max / 2 : seconds + components.attoseconds / 1_000_000_000
    }
}
