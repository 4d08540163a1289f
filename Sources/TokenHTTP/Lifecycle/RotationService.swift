import AccessToken
import JOSE
import LiveState
import Logging
import OAuth
import ServiceFiles
import ServiceLifecycle
import Synchronization

/// Makes the next keys when they are due: `keys_rotation` of the configuration, which can change meanwhile. The files are
/// read and written on a thread of their own.
///
/// Any number of replicas may share one folder: they compute the same file name, and one of them creates the file.
final class RotationService: Service {
    private let stores: RemoteKeyStores
    private let snapshots: SnapshotStore
    private let files: FilesThread
    private let rotations: Mutex<[AutomaticRotation]>
    /// Makes a key in another place.
    private let making = Mutex<Task<Void, Never>?>(nil)
    private let remotePause = Mutex(RotationPause())
    private let algorithm: SignatureAlgorithm

    /// - Parameter stores: the places in which the next key is made if the newest one is in one of them.
    init(_ keys: KeysFolder, _ stores: RemoteKeyStores, snapshots: SnapshotStore, files: FilesThread, logger: Logger) {
        self.stores = stores
        self.snapshots = snapshots
        self.files = files
        algorithm = keys.algorithm
        rotations = Mutex([keys.signing, keys.sealing].map { AutomaticRotation(of: $0, logger: logger) })
    }

    /// The interval between checks. It is short enough, because an announcement lasts for minutes at least.
    private static let interval: Duration = .seconds(60)

    func run() async {
        await cancelWhenGracefulShutdown { [self] in
            repeat {
                files.run(.rotation) { [self] in step() }
            } while (try? await Task.sleep(for: Self.interval)) != nil
        }
        let last = making.withLock { $0 }
        last?.cancel()
        await last?.value
    }

    private func step() {
        let snapshot = snapshots.current
        guard let plan = snapshot.configuration.keysRotation else { return }
        rotations.withLock { rotations in
            for index in rotations.indices {
                let predecessor = rotations[index].step(
                    plan, keys: snapshot.keys.map(\.key), lifetimes: snapshot.lifetimes, now: .now, uptime: .now)
                if let predecessor { makeKey(after: predecessor, plan, index) }
            }
        }
    }

    /// Makes the next key in another place, which may take long: one at a time, and not on the thread of the files.
    private func makeKey(after predecessor: RemoteKey, _ plan: RotationPlan, _ index: Int) {
        making.withLock { making in
            guard making == nil, remotePause.withLock({ $0.hasEnded(at: .now) }) else { return }
            making = Task { [self] in
                await makeKey(after: predecessor, plan, index)
                self.making.withLock { $0 = nil }
            }
        }
    }

    private func makeKey(after predecessor: RemoteKey, _ plan: RotationPlan, _ index: Int) async {
        let key: RemoteKey
        do throws(RemoteKeyError) {
            key = try await stores.withinLimit { [algorithm] stores async throws(RemoteKeyError) in
                try await stores.makeKey(
                    at: predecessor.uri.placeOfNextKey, for: algorithm, named: RemoteKeyLabel.text(now: .now))
            }
        } catch {
            remotePause.withLock { $0.lengthen(from: .now) }
            await onFilesThread { [self] in rotations.withLock { $0[index].fail(error) } }
            return
        }
        let follows = await onFilesThread { [self] in
            let keys = snapshots.current.keys.map(\.key)
            return rotations.withLock { $0[index].finish(plan, with: key, keys: keys, now: .now) }
        }
        remotePause.withLock { if follows == true { $0 = RotationPause() } else { $0.lengthen(from: .now) } }
        if follows != true { await stores.discard(key) }
    }

    /// - Returns: `nil` if the thread does not take the job.
    @discardableResult
    private func onFilesThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result? {
        await withCheckedContinuation { continuation in
            let isTaken = files.run(.remoteRotation) { continuation.resume(returning: body()) }
            if !isTaken { continuation.resume(returning: nil) }
        }
    }
}

/// The time between two attempts to make a key in another place. An attempt that fails may have left a key there, so that it grows
/// with each one.
struct RotationPause {
    private static let longest: Duration = .seconds(3600)

    private var length: Duration = .seconds(60)
    private var end: ContinuousClock.Instant?

    func hasEnded(at now: ContinuousClock.Instant) -> Bool { end.map { $0 <= now } ?? true }

    mutating func lengthen(from now: ContinuousClock.Instant) {
        // The next look is to be behind the end.
        end = now + length - .seconds(5)
        length = min(length * 2, Self.longest)
    }
}
