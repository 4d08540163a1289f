import AccessToken
import Logging
import OAuth
import ServiceLifecycle
import UnixSignals

/// Reads keys and clients again on SIGHUP. What does not check leaves the running snapshot in place.
struct ReloadService: Service {
    private let loader: SnapshotLoader
    private let snapshots: SnapshotStore
    private let logger: Logger

    init(_ configuration: ServiceConfiguration, snapshots: SnapshotStore, logger: Logger) {
        loader = SnapshotLoader(configuration)
        self.snapshots = snapshots
        self.logger = logger
    }

    func run() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() { reload() }
    }

    func reload() {
        do throws(InvalidConfiguration) {
            let snapshot = try loader.load(now: .now)
            snapshots.replace(with: snapshot)
            logger.info(
                "Reloaded", metadata: ["clients": "\(snapshot.clients.count)", "kid": "\(snapshot.signingKey.keyID)"])
        } catch {
            for problem in error.problems { logger.error("Not reloaded: \(problem)") }
        }
    }
}
