import AccessToken
import LiveState
import ServiceLifecycle
import UnixSignals

/// Has the reloader look twice a second, and read everything again on SIGHUP.
struct ReloadService: Service {
    let reloader: Reloader
    /// SIGHUP, caught since before anything was read.
    let hangups: UnixSignalsSequence

    /// A change is read when two looks have seen it, so at most a second after it was made.
    static let interval: Duration = .milliseconds(500)

    func run() async {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in hangups { reloader.reload(now: .now) }
                }
                group.addTask {
                    while (try? await Task.sleep(for: Self.interval)) != nil { reloader.look(now: .now) }
                }
                await group.waitForAll()
            }
        }
    }
}
