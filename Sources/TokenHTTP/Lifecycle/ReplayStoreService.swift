import ReplayStore
import ServiceLifecycle

/// Ends the connections to the store of `replay` when no request needs them any more.
struct ReplayStoreService: Service {
    let store: ReplayStore

    func run() async throws {
        try? await gracefulShutdown()
        store.stop()
    }
}
