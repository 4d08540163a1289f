import HTTPEdge
import Logging
import NIOPosix
import ServiceFiles
import ServiceLifecycle
import Synchronization
import Telemetry

/// Runs a listener until graceful shutdown, and then until its connections have ended.
final class ListenerService: Service {
    /// The name of the listener in the log and in the metrics.
    let name: String
    private let address: ListenAddress
    private let configuration: ListenerConfiguration
    private let logger: Logger
    private let report: @Sendable (HTTPEvent) -> Void
    private let onListening: @Sendable () -> Void
    private let listener = Mutex<HTTPListener?>(nil)

    /// - Parameters:
    ///   - report: called if the listener ends by itself.
    ///   - onListening: called when the listener accepts connections.
    init(
        _ name: String, _ address: ListenAddress, _ configuration: ListenerConfiguration, logger: Logger,
        report: @escaping @Sendable (HTTPEvent) -> Void, onListening: @escaping @Sendable () -> Void
    ) {
        self.report = report
        self.name = name
        self.address = address
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// How many connections clients hold open.
    var connectionCount: Int { listener.withLock { $0 }?.connectionCount ?? 0 }

    func run() async throws {
        let listener: HTTPListener
        do {
            listener = try await HTTPListener(configuration, group: .singleton)
        } catch {
            throw ListenerError(address, error) ?? error
        }
        self.listener.withLock { $0 = listener }
        onListening()
        let bound = listener.address ?? address.description
        logger.info("Listening", metadata: ["listener": "\(name)", "address": "\(bound)"])
        do {
            try await serve(listener)
        } catch {
            report(.listenerEnded(reason: "\(error)", listener: name))
            throw ListenerError(address, error) ?? error
        }
    }

    private func serve(_ listener: HTTPListener) async throws {
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await listener.waitUntilClosed()
            } onGracefulShutdown: {
                listener.stopAccepting()
            }
            await listener.drain()
        } onCancel: {
            listener.close()
        }
    }
}
