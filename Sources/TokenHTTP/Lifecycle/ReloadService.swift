import AccessToken
import LiveState
import ServiceLifecycle

/// Checks the files for changes twice a second, and reloads everything on SIGHUP.
struct ReloadService: Service {
    let reloader: Reloader
    /// SIGHUP, trapped since before any file was read.
    let hangups: AsyncStream<Void>

    /// The interval between checks. A change is loaded when two checks have seen it, at most a second after it was
    /// made.
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
