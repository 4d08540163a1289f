import AccessToken
import LiveState
import ServiceLifecycle
import Signing

/// Checks the files for changes twice a second, and reloads everything on SIGHUP. The files are read on a thread of
/// their own. Signers drop the copies of keys that are gone.
struct ReloadService: Service {
    let reloader: Reloader
    let files: FilesThread
    let signers: SignerPool
    /// SIGHUP, trapped since before any file was read.
    let hangups: AsyncStream<Void>

    /// The interval between checks. A change is loaded when two checks have seen it, or at the third check if the files
    /// never stand still: at most a second and a half after it was made.
    static let interval: Duration = .milliseconds(500)

    func run() async {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in hangups { run(.reload) { $0.reload(now: .now) } }
                }
                group.addTask {
                    while (try? await Task.sleep(for: Self.interval)) != nil {
                        run(.look) { $0.look(now: .now) }
                    }
                }
                await group.waitForAll()
            }
        }
    }

    private func run(_ purpose: FilesThread.Purpose, _ body: @escaping @Sendable (Reloader) -> Void) {
        files.run(purpose) { [reloader, signers] in
            body(reloader)
            signers.keep(only: reloader.snapshots.current.allSigningKeys)
        }
    }
}
