import AccessToken
import LiveState
import OAuth
import Synchronization
import Telemetry

/// The parts of the service that the console shows.
struct ConsoleSource: Sendable {
    let reloader: Reloader
    let metrics: ServiceMetrics
    let readiness: Readiness
    let issuerKeys: IssuerKeySets
    /// Signatures that wait to be made, and how many may wait.
    let signatures: @Sendable () -> (waiting: Int, capacity: Int)
    /// The connections of clients, without those of the management listener.
    let connectionCount: @Sendable () -> Int
    /// When a client last got a token; `nil` if that is not known.
    let lastUse: @Sendable (ClientID) -> NumericDate?
    let now: @Sendable () -> NumericDate
    private let start = ContinuousClock.now
    private let revisions = Revisions()

    init(
        reloader: Reloader, metrics: ServiceMetrics, readiness: Readiness, issuerKeys: IssuerKeySets,
        signatures: @escaping @Sendable () -> (waiting: Int, capacity: Int),
        connectionCount: @escaping @Sendable () -> Int,
        lastUse: @escaping @Sendable (ClientID) -> NumericDate?, now: @escaping @Sendable () -> NumericDate
    ) {
        self.reloader = reloader
        self.metrics = metrics
        self.readiness = readiness
        self.issuerKeys = issuerKeys
        self.signatures = signatures
        self.connectionCount = connectionCount
        self.lastUse = lastUse
        self.now = now
    }

    /// It takes microseconds, whatever the number of clients.
    var numbers: ConsoleNumbers { numbers(of: reloader.snapshots.current, reloader.lastStatus) }

    /// - Returns: the document of `/console/state.json`. It takes a while with many clients.
    func state(_ query: ConsoleQuery) -> [UInt8] {
        let (snapshot, reload) = (reloader.snapshots.current, reloader.lastStatus)
        return ConsoleState(
            numbers: numbers(of: snapshot, reload), snapshot: snapshot, reload: reload,
            tlsIdentity: reloader.tlsIdentities.current, issuerKeys: issuerKeys,
            clients: ConsoleClients(
                snapshot.clients, refusedCount: reload.refusedClientCount, query, lastUse: lastUse)
        ).json
    }

    private func numbers(of snapshot: Snapshot, _ reload: ReloadStatus) -> ConsoleNumbers {
        ConsoleNumbers(
            time: now(), uptime: start.duration(to: .now), revision: revisions.revision(of: snapshot, reload),
            isReady: readiness.isReady, totals: metrics.totals, signatures: signatures(),
            connectionCount: connectionCount())
    }
}

/// Counts the changes of the state.
private final class Revisions: Sendable {
    private struct State {
        /// Freeing a snapshot of many clients takes long, so this keeps none.
        weak var snapshot: Snapshot?
        var reloadTime: NumericDate?
        var revision = 0
    }

    private let state = Mutex(State())

    func revision(of snapshot: Snapshot, _ reload: ReloadStatus) -> Int {
        state.withLock { state in
            if state.snapshot !== snapshot || state.reloadTime != reload.time {
                state.snapshot = snapshot
                state.reloadTime = reload.time
                state.revision += 1
            }
            return state.revision
        }
    }
}
