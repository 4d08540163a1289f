import JOSE
public import RemoteKeys
public import ServiceLifecycle

/// A program adds a source, or the verifier that has it, to its services: then keys are fetched at the start and never
/// wait for a token.
extension KeySource: Service {
    /// Whether there are keys that are not too stale: for a readiness probe.
    public var hasKeys: Bool {
        switch kind {
        case .fixed(let keys): !keys.value.keys.isEmpty
        case .remote(let document): document.hasDocument
        }
    }

    /// Fetches the keys, unless there are fresh ones.
    public func warmUp() async throws(DocumentFetchError) {
        if case .remote(let document) = kind { _ = try await document.current() }
    }

    /// Fetches the keys, and refreshes them ahead of their expiry until the task is cancelled or the program shuts down
    /// gracefully. A fetch that fails is logged and tried again. So a program that verifies no token for an hour has fresh
    /// keys all the same.
    public func run() async throws {
        guard case .remote(let document) = kind else {
            try? await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let delay = document.refreshIfDue()
                if let age = document.age { telemetry?.record(age: age) }
                try? await Task.sleep(for: min(max(delay, Self.shortestDelay), Self.longestDelay))
            }
        }
    }

    /// Between two looks at the keys, so that a server whose keys are never fresh is not asked all the time.
    private static let shortestDelay = Duration.seconds(1)
    /// So often the age of the keys is recorded.
    private static let longestDelay = Duration.seconds(15)
}
