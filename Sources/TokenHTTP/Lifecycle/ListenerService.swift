import HTTPEdge
import Logging
import NIOPosix
import ServiceFiles
import ServiceLifecycle
import Synchronization

/// Runs a listener until graceful shutdown, and then until its connections have ended.
final class ListenerService: Service {
    /// The name of the listener in the log and in the metrics.
    let name: String
    private let address: ListenAddress
    private let configuration: ListenerConfiguration
    private let logger: Logger
    private let onListening: @Sendable () -> Void
    private let listener = Mutex<HTTPListener?>(nil)

    /// - Parameter onListening: called when the listener accepts connections.
    init(
        _ name: String, _ address: ListenAddress, _ configuration: ListenerConfiguration, logger: Logger,
        onListening: @escaping @Sendable () -> Void = {}
    ) {
        self.name = name
        self.address = address
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// How many connections clients hold open.
    var connectionCount: Int { listener.withLock { $0 }?.connectionCount ?? 0 }

    func run() async throws {
        do {
            let listener = try await HTTPListener(configuration, group: .singleton)
            self.listener.withLock { $0 = listener }
            onListening()
            let bound = listener.address.map { "\($0)" } ?? address.description
            logger.info("Listening", metadata: ["listener": "\(name)", "address": "\(bound)"])
            try await serve(listener)
        } catch {
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
