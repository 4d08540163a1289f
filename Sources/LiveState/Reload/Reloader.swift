package import AccessToken
package import Logging
package import OAuth
package import ServiceFiles
import Synchronization

/// Replaces the snapshot when keys or clients have changed, or when a key is due. If the new files are invalid, the
/// running snapshot stays in use.
package final class Reloader: Sendable {
    private struct State {
        var loader: SnapshotLoader
        var policy: ReloadPolicy<WatchedFiles>
        /// The problems that were last logged.
        var problems: [Problem] = []
        var secretExpiryWatch = SecretExpiryWatch()
    }

    /// The most problems that one reload logs: each of a hundred thousand entries may contain a mistake.
    private static let mostLogged = 100

    /// Holds the snapshot that requests are answered from.
    package let snapshots: SnapshotStore
    /// Holds the TLS identity for new connections, if the service ends TLS.
    package let tlsIdentities: TLSIdentityStore
    private let configuration: ServiceConfiguration
    private let logger: Logger
    private let reportReload: @Sendable (_ isApplied: Bool) -> Void
    private let state: Mutex<State>
    private let reading: Mutex<Reading>

    /// Makes the first snapshot.
    ///
    /// - Parameter reportReload: called after each later reload, whether it was applied or refused.
    /// - Throws: all problems with keys, clients and TLS files at once.
    package init(
        _ configuration: ServiceConfiguration, timing: KeyTiming = .standard, logger: Logger,
        reportReload: @escaping @Sendable (_ isApplied: Bool) -> Void = { _ in }, now: NumericDate
    ) throws(InvalidConfiguration) {
        // Before the files are read, so that a change in between is noticed.
        let files = WatchedFiles(of: configuration)
        var loader = SnapshotLoader(configuration, timing: timing)
        var problems: [Problem] = []
        let tlsIdentities = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try TLSIdentityStore(configuration)
        }
        let snapshot = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try loader.load(now: now)
        }
        guard let tlsIdentities, let snapshot else { throw InvalidConfiguration(problems) }
        self.tlsIdentities = tlsIdentities
        snapshots = SnapshotStore(snapshot)
        self.configuration = configuration
        self.logger = logger
        self.reportReload = reportReload
        var state = State(loader: loader, policy: ReloadPolicy(reading: files, now: now))
        state.secretExpiryWatch.look(snapshots.current.clients, isNew: true, now: now, logger: logger)
        self.state = Mutex(state)
        reading = Mutex(Reading(time: now, isApplied: true))
    }

    /// Checks for a change and reloads if ``ReloadPolicy`` decides so.
    package func look(now: NumericDate) {
        state.withLock { state in
            let files = WatchedFiles(of: configuration)
            state.secretExpiryWatch.look(snapshots.current.clients, now: now, logger: logger)
            switch state.policy.look(at: files, nextChange: snapshots.current.nextChange, now: now) {
            case .nothing: break
            case .reload(let reason):
                if reason == .filesChanged { state.problems = [] }
                reload(&state, files, now: now, because: reason)
            case .retryTLS: retryTLS(&state, now: now)
            }
        }
    }

    /// When keys and clients were last read, and whether they are in use as they were read.
    package struct Reading {
        /// The time of the reading.
        package let time: NumericDate
        /// Whether everything that was read is in use.
        package let isApplied: Bool
    }

    /// The last completed reading. It does not wait for a reload that is in progress.
    package var lastReading: Reading { reading.withLock { $0 } }

    /// Reloads everything, changed or not.
    package func reload(now: NumericDate) {
        state.withLock { state in
            state.problems = []
            reload(&state, WatchedFiles(of: configuration), now: now, because: .hangup)
        }
    }

    private func reload(
        _ state: inout State, _ files: WatchedFiles, now: NumericDate, because reason: ReloadPolicy<WatchedFiles>.Reason
    ) {
        state.policy.begin(reading: files, now: now)
        let problemsOfTLS = tlsIdentities.reload()
        var problems = problemsOfTLS
        var isRefused = false
        do throws(InvalidConfiguration) {
            let snapshot = try state.loader.load(now: now)
            let former = snapshots.current
            snapshots.replace(with: snapshot)
            state.secretExpiryWatch.look(snapshot.clients, isNew: true, now: now, logger: logger)
            log(snapshot, after: former, reason.rawValue, now: now)
        } catch {
            problems += error.problems
            isRefused = true
        }
        state.policy.conclude(isRefused: isRefused, isTLSRefused: !problemsOfTLS.isEmpty)
        conclude(&state, problems, now: now)
    }

    private func retryTLS(_ state: inout State, now: NumericDate) {
        let problems = tlsIdentities.reload()
        state.policy.retryTLS(isRefused: !problems.isEmpty, now: now)
        if problems.isEmpty { logger.info("Reloaded", metadata: ["reason": "retry of the TLS files"]) }
        conclude(&state, problems, now: now)
    }

    private func conclude(_ state: inout State, _ problems: [Problem], now: NumericDate) {
        // A problem is logged once for each change and each signal, however often the reload is retried.
        if problems != state.problems {
            for problem in problems.prefix(Self.mostLogged) { logger.error("Not reloaded: \(problem)") }
            let others = problems.count - Self.mostLogged
            if others > 0 { logger.error("Not reloaded: \(others) more problems; `writ config check` lists them") }
        }
        state.problems = problems
        let isApplied = problems.isEmpty
        reading.withLock { $0 = Reading(time: now, isApplied: isApplied) }
        reportReload(isApplied)
    }

    private func log(_ snapshot: Snapshot, after former: Snapshot, _ reason: String, now: NumericDate) {
        logger.info(
            "Reloaded",
            metadata: [
                "reason": "\(reason)", "clients": "\(snapshot.clients.count)",
                "kid": "\(snapshot.signingKey(at: now).keyID)",
            ])
        for change in KeyChange.changes(from: former, to: snapshot) {
            logger.info("Key changed", metadata: change.metadata)
        }
    }
}
