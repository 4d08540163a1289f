import Hummingbird
import HummingbirdCore
import LiveState
import Logging
import NIOCore
import ServiceFiles
import ServiceLifecycle

/// Listens on one address and passes the requests to a router.
struct Listener<Router: HTTPResponder>: Service where Router.Context == ConnectionContext {
    private let address: ListenAddress
    private let router: Router
    private let name: String
    private let logger: Logger
    private let connections: ConnectionCount
    private let descriptors: DescriptorReserve
    private let maximumBodySize: Int
    private let pacing: RetryPacing
    private let tlsIdentity: (@Sendable () -> TLSIdentity)?
    private let onListening: @Sendable () -> Void

    /// - Parameters:
    ///   - name: the name of the listener in the log.
    ///   - maximumBodySize: the limit of a request's body, in octets.
    ///   - tlsIdentity: returns the current TLS identity; `nil` for a listener without TLS.
    ///   - onListening: called when the listener accepts connections.
    init(
        _ address: ListenAddress, _ router: Router, name: String, connections: ConnectionCount,
        descriptors: DescriptorReserve,
        maximumBodySize: Int,
        pacing: RetryPacing, tlsIdentity: (@Sendable () -> TLSIdentity)? = nil, logger: Logger,
        onListening: @escaping @Sendable () -> Void = {}
    ) {
        self.connections = connections
        self.descriptors = descriptors
        self.maximumBodySize = maximumBodySize
        self.pacing = pacing
        self.tlsIdentity = tlsIdentity
        self.onListening = onListening
        self.address = address
        self.router = router
        self.name = name
        self.logger = logger
    }

    func run() async throws {
        do {
            try await application.run()
        } catch {
            throw ListenerError(address, error) ?? error
        }
    }

    /// How long a connection may be idle, between requests or within one.
    private static var idleTimeout: Duration { .seconds(30) }

    /// How long a request may take to arrive, from its head to its end.
    private static var requestTimeout: TimeAmount { .seconds(10) }

    /// How long a client may leave answers unread.
    private static var readerTimeout: TimeAmount { .seconds(10) }

    /// The most connections that wait to be accepted. (It is usually also the system's own limit.)
    private static var backlog: Int { 4096 }

    private var server: HTTPServerBuilder {
        HTTPServerBuilder { [tlsIdentity, pacing, maximumBodySize] responder in
            let http1 = HTTP1Channel.Configuration(
                additionalChannelHandlers: [
                    ReaderDeadline(Self.readerTimeout), RequestDeadline(Self.requestTimeout),
                    RetryPacingHandler(pacing), ContinueHandler(maximumBodySize: maximumBodySize), HTTP1RulesHandler(),
                ],
                idleTimeout: TimeAmount(Self.idleTimeout))
            if let tlsIdentity {
                return SmallReadsChannel(
                    connection: try SecureChannel(
                        tlsIdentity, idleTimeout: Self.idleTimeout, http1: http1, responder: responder))
            }
            return SmallReadsChannel(connection: HTTP1Channel(responder: responder, configuration: http1))
        }
    }

    private var application: some ApplicationProtocol {
        Application(
            responder: HeadResponder(responder: router),
            server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port),
                backlog: Self.backlog,
                availableConnectionsDelegate: connections),
            onServerRunning: { channel in
                // Fails if the channel is already closed.
                try? await descriptors.guardListener(channel)
                let bound = channel.localAddress.map { "\($0)" } ?? address.description
                onListening()
                logger.info("Listening", metadata: ["listener": "\(name)", "address": "\(bound)"])
            },
            logger: .silent)
    }
}

extension Logger {
    /// A logger for libraries whose events Writ logs itself or not at all.
    static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
