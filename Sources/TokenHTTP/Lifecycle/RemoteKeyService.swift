import AccessToken
import LiveState
import Logging
import OAuth
import ServiceFiles
import ServiceLifecycle
import Signing
import Synchronization
import SystemPackage

/// Finds out whether keys that stay in other places can sign: the one that signs, when the service starts, and the next ones
/// before they do.
final class RemoteKeyService: Service {
    private let signing: RemoteSigning
    private let snapshots: SnapshotStore
    private let readiness: Readiness
    private let logger: Logger
    /// What was last logged of a key, by its `kid`.
    private let complaints = Mutex<[String: RemoteKeyError]>([:])

    init(_ signing: RemoteSigning, snapshots: SnapshotStore, readiness: Readiness, logger: Logger) {
        self.signing = signing
        self.snapshots = snapshots
        self.readiness = readiness
        self.logger = logger
    }

    /// The interval between attempts of a service that has started without its key.
    private static let interval: Duration = .seconds(1)
    /// How often a key is tried that gives no answer in time, before the service does not start.
    private static let attemptsAtStart = 4
    /// How many intervals lie between two looks at the next keys.
    private static let looks = 60

    /// Tries the key that signs.
    ///
    /// - Throws: if it cannot sign, unless the service may start without it. Then it is not ready until the key can sign.
    func start(_ configuration: ServiceConfiguration) async throws(InvalidConfiguration) {
        do throws(RemoteKeyError) { try await tryKeyInForceAtStart() } catch {
            let key = snapshots.current.keys.first { $0.state == .signing && $0.key.remoteKey != nil }?.key
            let file = configuration.keysFolder.appending(key?.name.description ?? "")
            guard configuration.keyPlaces.startsWithout else {
                throw InvalidConfiguration([
                    Problem(
                        .file(file.string, line: nil), "the key cannot sign now: \(error)",
                        hint: [error.hint, "remote_keys: { start_without: true } starts the service all the same"]
                            .compactMap(\.self).joined(separator: "; "))
                ])
            }
            readiness.setLacksKey(true)
            logger.error(
                "Started without a key that can sign: \(error)",
                metadata: ["file": "\(file)", "hint": "\(error.hint ?? "-")"])
        }
    }

    func run() async {
        await cancelWhenGracefulShutdown { [self] in
            var count = 0
            repeat {
                if readiness.lacksKey {
                    await tryAgain()
                } else if count % Self.looks == 0 {
                    await tryNextKeys()
                }
                count += 1
            } while (try? await Task.sleep(for: Self.interval)) != nil
        }
    }

    private func tryAgain() async {
        do throws(RemoteKeyError) { try await tryKeyInForce() } catch { return }
        readiness.setLacksKey(false)
        logger.info("The key can sign: the service is ready")
    }

    /// A module that is loaded, and a login, may take longer than a signature.
    private func tryKeyInForceAtStart() async throws(RemoteKeyError) {
        for _ in 1..<Self.attemptsAtStart {
            do throws(RemoteKeyError) { return try await tryKeyInForce() } catch {
                guard error.code == .timedOut else { throw error }
            }
        }
        try await tryKeyInForce()
    }

    private func tryKeyInForce() async throws(RemoteKeyError) {
        let key = snapshots.current.signingKey(at: .now)
        guard case .place(let remote) = key.holder else { return }
        try await signing.prove(remote, key.algorithm)
    }

    /// A key that will sign and cannot is a matter for operators before its time.
    private func tryNextKeys() async {
        for scheduled in snapshots.current.keys where scheduled.state == .next {
            guard let remote = scheduled.key.remoteKey else { continue }
            let (keyID, file) = (scheduled.key.keyID, scheduled.key.name)
            do throws(RemoteKeyError) {
                try await signing.prove(remote, scheduled.key.algorithm)
                _ = complaints.withLock { $0.removeValue(forKey: keyID) }
            } catch {
                guard complaints.withLock({ $0.updateValue(error, forKey: keyID) }) != error else { continue }
                logger.warning(
                    "A key that is to sign later cannot sign now: \(error)",
                    metadata: ["kid": "\(keyID)", "file": "\(file)", "hint": "\(error.hint ?? "-")"])
            }
        }
    }
}
