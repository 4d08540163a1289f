public import Hummingbird

/// An HTTP server for one test.
public enum LoopbackServer {
    /// Runs `body` while `router` answers on a free port of the loopback address.
    public static func serve(
        _ router: Router<BasicRequestContext>, _ body: @escaping @Sendable (_ origin: String) async throws -> Void
    ) async throws {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            for await port in ports {
                try await body("http://127.0.0.1:\(port)")
                break
            }
            group.cancelAll()
        }
    }
}
