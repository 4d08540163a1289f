import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// One address with what answers there.
struct Listener<Door: HTTPResponder>: Service where Door.Context == BasicRequestContext {
    private let address: ListenAddress
    private let door: Door
    private let name: String
    private let logger: Logger

    /// - Parameter name: for logs and errors.
    init(_ address: ListenAddress, _ door: Door, name: String, logger: Logger) {
        self.address = address
        self.door = door
        self.name = name
        self.logger = logger
    }

    func run() async throws {
        do {
            try await application.run()
        } catch let error as IOError {
            throw ListenerError(address, errno: error.errnoCode)
        }
    }

    private var application: some ApplicationProtocol {
        Application(
            responder: door,
            configuration: ApplicationConfiguration(address: .hostname(address.host, port: address.port)),
            onServerRunning: { channel in
                let bound = channel.localAddress.map { "\($0)" } ?? address.description
                logger.info("Listening", metadata: ["listener": "\(name)", "address": "\(bound)"])
            },
            logger: .silent)
    }
}

extension Logger {
    /// For libraries whose news we tell ourselves, or not at all.
    static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
