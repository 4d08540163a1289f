import AccessToken
import Logging
import OAuth
import Synchronization

/// Replaces the snapshot when keys or clients have changed, or when a key's time has come. What does not check leaves
/// the running snapshot in place.
final class Reloader: Sendable {
    private struct State {
        var loader: SnapshotLoader
        /// What was last read, whether it checked or not.
        var read: Fingerprint
        /// What was seen at the last look.
        var seen: Fingerprint
        /// When it was last read.
        var readAt: NumericDate
        /// Whether keys and clients did not check then.
        var isRefused = false
        /// Whether the files of TLS did not.
        var isTLSRefused = false
        /// What was last told to be wrong with them.
        var problems: [Problem] = []
        var secretExpiryWatch = SecretExpiryWatch()
    }

    /// How long what did not check is left alone while the files stand still. The reason may have passed: a file of an
    /// unreachable server, too many open files.
    private static let patience: Duration = .seconds(10)

    /// Problems that are told of each attempt: a mistake may be in each of a hundred thousand entries.
    private static let mostTold = 100

    /// The snapshots that requests are answered from.
    let snapshots: SnapshotStore
    /// What connections get, where the service ends TLS.
    let tlsIdentities: TLSIdentityStore
    private let configuration: ServiceConfiguration
    private let logger: Logger
    private let reportReload: @Sendable (_ isApplied: Bool) -> Void
    private let state: Mutex<State>
    private let reading: Mutex<Reading>

    /// Makes the first snapshot.
    ///
    /// - Parameter reportReload: told of each later one, and of each that could not be made.
    /// - Throws: everything that is wrong with keys and clients, at once.
    init(
        _ configuration: ServiceConfiguration, timing: KeyTiming = .standard, logger: Logger,
        reportReload: @escaping @Sendable (_ isApplied: Bool) -> Void = { _ in }, now: NumericDate
    ) throws(InvalidConfiguration) {
        // Before reading: a change that comes in between is seen as one.
        let fingerprint = Fingerprint(of: configuration)
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
        var state = State(loader: loader, read: fingerprint, seen: fingerprint, readAt: now)
        state.secretExpiryWatch.look(snapshots.current.clients, isNew: true, now: now, logger: logger)
        self.state = Mutex(state)
        reading = Mutex(Reading(time: now, isApplied: true))
    }

    /// Looks for a change. One is taken up when it has stood still between two looks, so that a file that is just being
    /// written is not read half.
    func look(now: NumericDate) {
        state.withLock { state in
            let fingerprint = Fingerprint(of: configuration)
            let isSettled = fingerprint == state.seen
            state.seen = fingerprint
            state.secretExpiryWatch.look(snapshots.current.clients, now: now, logger: logger)
            if fingerprint != state.read {
                if isSettled {
                    state.problems = []
                    reload(&state, fingerprint, now: now, because: "files changed")
                }
            } else if now < state.readAt {
                // What was worked out for a time that has not come is not what signs and is published now.
                reload(&state, fingerprint, now: now, because: "the clock was set back")
            } else if state.isRefused {
                guard state.readAt + Self.patience <= now else { return }
                reload(&state, fingerprint, now: now, because: "another try")
            } else if let change = snapshots.current.nextChange, change <= now {
                reload(&state, fingerprint, now: now, because: "the time of a key has come")
            } else if state.isTLSRefused, state.readAt + Self.patience <= now {
                retryTLS(&state, now: now)
            }
        }
    }

    /// When keys and clients were last read, and whether they are in use so.
    struct Reading {
        let time: NumericDate
        let isApplied: Bool
    }

    /// It does not wait for one that is under way.
    var lastReading: Reading { reading.withLock { $0 } }

    /// Reads everything again, changed or not.
    func reload(now: NumericDate) {
        state.withLock { state in
            state.problems = []
            reload(&state, Fingerprint(of: configuration), now: now, because: "SIGHUP")
        }
    }

    private func reload(_ state: inout State, _ fingerprint: Fingerprint, now: NumericDate, because reason: String) {
        state.read = fingerprint
        state.seen = fingerprint
        state.readAt = now
        var problems = tlsIdentities.reload()
        state.isTLSRefused = !problems.isEmpty
        state.isRefused = false
        do throws(InvalidConfiguration) {
            let snapshot = try state.loader.load(now: now)
            let former = snapshots.current
            snapshots.replace(with: snapshot)
            state.secretExpiryWatch.look(snapshot.clients, isNew: true, now: now, logger: logger)
            tell(of: snapshot, after: former, reason, now: now)
        } catch {
            problems += error.problems
            state.isRefused = true
        }
        conclude(&state, problems, now: now)
    }

    /// Keys and clients are as they should be, and stay as they are.
    private func retryTLS(_ state: inout State, now: NumericDate) {
        state.readAt = now
        let problems = tlsIdentities.reload()
        state.isTLSRefused = !problems.isEmpty
        if problems.isEmpty { logger.info("Reloaded", metadata: ["reason": "another try of the TLS files"]) }
        conclude(&state, problems, now: now)
    }

    private func conclude(_ state: inout State, _ problems: [Problem], now: NumericDate) {
        // Told once for each change and each signal, however often it is tried.
        if problems != state.problems {
            for problem in problems.prefix(Self.mostTold) { logger.error("Not reloaded: \(problem)") }
            let others = problems.count - Self.mostTold
            if others > 0 { logger.error("Not reloaded: \(others) more problems, which `writ config check` tells") }
        }
        state.problems = problems
        let isApplied = problems.isEmpty
        reading.withLock { $0 = Reading(time: now, isApplied: isApplied) }
        reportReload(isApplied)
    }

    private func tell(of snapshot: Snapshot, after former: Snapshot, _ reason: String, now: NumericDate) {
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
