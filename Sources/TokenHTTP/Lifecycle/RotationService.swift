import AccessToken
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
    private let snapshots: SnapshotStore
    private let files: FilesThread
    private let rotations: Mutex<[AutomaticRotation]>

    init(_ keys: KeysFolder, snapshots: SnapshotStore, files: FilesThread, logger: Logger) {
        self.snapshots = snapshots
        self.files = files
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
    }

    private func step() {
        let snapshot = snapshots.current
        guard let plan = snapshot.configuration.keysRotation else { return }
        rotations.withLock { rotations in
            for index in rotations.indices {
                rotations[index].step(
                    plan, keys: snapshot.keys.map(\.key), lifetimes: snapshot.lifetimes, now: .now, uptime: .now)
            }
        }
    }
}
