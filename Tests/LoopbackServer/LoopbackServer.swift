public import Hummingbird
import Logging
import ServiceLifecycle

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
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: application)], logger: Logger(label: "loopback") { _ in SwiftLogNoOpLogHandler() }
        )
        // A request that is held for ever ends with its task.
        configuration.maximumGracefulShutdownDuration = .milliseconds(100)
        let service = ServiceGroup(configuration: configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            for await port in ports {
                do { try await body("http://127.0.0.1:\(port)") } catch {
                    await service.triggerGracefulShutdown()
                    throw error
                }
                break
            }
            // A task that is cancelled while it accepts a connection drops the connection's writer, which SwiftNIO forbids.
            await service.triggerGracefulShutdown()
        }
    }
}
