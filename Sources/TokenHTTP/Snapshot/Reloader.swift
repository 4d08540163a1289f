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
        /// Until when a change of time alone is no reason to read again what did not check.
        var patience: NumericDate?
    }

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
        state = Mutex(State(loader: loader, read: fingerprint, seen: fingerprint))
    }

    /// Looks for a change. One is taken up when it has stood still between two looks, so that a file that is just being
    /// written is not read half.
    func look(now: NumericDate) {
        state.withLock { state in
            let fingerprint = Fingerprint(of: configuration)
            let isSettled = fingerprint == state.seen
            state.seen = fingerprint
            if fingerprint != state.read, isSettled {
                reload(&state, fingerprint, now: now, because: "files changed")
            } else if let change = snapshots.current.nextChange, max(change, state.patience ?? change) <= now,
                fingerprint == state.read
            {
                reload(&state, fingerprint, now: now, because: "the time of a key has come")
            }
        }
    }

    /// Reads everything again, changed or not.
    func reload(now: NumericDate) {
        state.withLock { state in
            reload(&state, Fingerprint(of: configuration), now: now, because: "SIGHUP")
        }
    }

    private func reload(_ state: inout State, _ fingerprint: Fingerprint, now: NumericDate, because reason: String) {
        state.read = fingerprint
        state.seen = fingerprint
        do throws(InvalidConfiguration) {
            let snapshot = try state.loader.load(now: now)
            snapshots.replace(with: snapshot)
            state.patience = nil
            logger.info(
                "Reloaded",
                metadata: [
                    "reason": "\(reason)", "clients": "\(snapshot.clients.count)",
                    "kid": "\(snapshot.signingKey(at: now).keyID)",
                ])
        } catch {
            state.patience = now + .seconds(60)
            for problem in error.problems { logger.error("Not reloaded: \(problem)") }
        }
    }
}
