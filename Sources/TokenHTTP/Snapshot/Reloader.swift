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
        /// What was wrong then; nil where it checked.
        var failure: InvalidConfiguration?
        var secretExpiryWatch = SecretExpiryWatch()
    }

    /// How long what did not check is left alone while the files stand still. The reason may have passed: a file of an
    /// unreachable server, too many open files.
    private static let patience: Duration = .seconds(10)

    /// The snapshots that requests are answered from.
    let snapshots: SnapshotStore
    private let configuration: ServiceConfiguration
    private let logger: Logger
    private let state: Mutex<State>

    /// Makes the first snapshot.
    ///
    /// - Throws: everything that is wrong with keys and clients, at once.
    init(
        _ configuration: ServiceConfiguration, timing: KeyTiming = .standard, logger: Logger, now: NumericDate
    ) throws(InvalidConfiguration) {
        // Before reading: a change that comes in between is seen as one.
        let fingerprint = Fingerprint(of: configuration)
        var loader = SnapshotLoader(configuration, timing: timing)
        snapshots = SnapshotStore(try loader.load(now: now))
        self.configuration = configuration
        self.logger = logger
        var state = State(loader: loader, read: fingerprint, seen: fingerprint, readAt: now)
        state.secretExpiryWatch.look(snapshots.current.clients, isNew: true, now: now, logger: logger)
        self.state = Mutex(state)
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
                    state.failure = nil
                    reload(&state, fingerprint, now: now, because: "files changed")
                }
            } else if now < state.readAt {
                // What was worked out for a time that has not come is not what signs and is published now.
                reload(&state, fingerprint, now: now, because: "the clock was set back")
            } else if state.failure != nil {
                guard state.readAt + Self.patience <= now else { return }
                reload(&state, fingerprint, now: now, because: "another try")
            } else if let change = snapshots.current.nextChange, change <= now {
                reload(&state, fingerprint, now: now, because: "the time of a key has come")
            }
        }
    }

    /// Reads everything again, changed or not.
    func reload(now: NumericDate) {
        state.withLock { state in
            state.failure = nil
            reload(&state, Fingerprint(of: configuration), now: now, because: "SIGHUP")
        }
    }

    private func reload(_ state: inout State, _ fingerprint: Fingerprint, now: NumericDate, because reason: String) {
        state.read = fingerprint
        state.seen = fingerprint
        state.readAt = now
        do throws(InvalidConfiguration) {
            let snapshot = try state.loader.load(now: now)
            snapshots.replace(with: snapshot)
            state.secretExpiryWatch.look(snapshot.clients, isNew: true, now: now, logger: logger)
            state.failure = nil
            logger.info(
                "Reloaded",
                metadata: [
                    "reason": "\(reason)", "clients": "\(snapshot.clients.count)",
                    "kid": "\(snapshot.signingKey(at: now).keyID)",
                ])
        } catch {
            // Told once for each change and each signal, however often it is tried.
            if error.problems != state.failure?.problems {
                for problem in error.problems { logger.error("Not reloaded: \(problem)") }
            }
            state.failure = error
        }
    }
}
