public import AccessToken
import Foundation
import Hummingbird
public import Logging
import NIOCore
import OAuth
import ServiceLifecycle
import Signing
import UnixSignals

/// The running service: two listeners, the signer threads, and what reloads and stops them.
public struct TokenService: Sendable {
    private let configuration: ServiceConfiguration
    private let snapshots: SnapshotStore
    private let logger: Logger

    /// Signatures that may wait for a thread: about 80 ms of work for each core.
    static let signingQueueCapacity = 256

    /// Reads keys and clients.
    ///
    /// - Throws: everything that is wrong with them, at once.
    public init(_ configuration: ServiceConfiguration, logger: Logger) throws(InvalidConfiguration) {
        self.configuration = configuration
        self.logger = logger
        snapshots = SnapshotStore(try SnapshotLoader(configuration).load(now: .now))
    }

    /// Serves until SIGTERM or SIGINT, then lets the requests that it has finish.
    ///
    /// - Throws: ``ListenerError`` where an address cannot be listened on.
    public func run() async throws {
        let readiness = Readiness()
        let coreCount = ProcessInfo.processInfo.activeProcessorCount
        let signers = SignerPool(threadCount: coreCount, capacity: Self.signingQueueCapacity)
        logSummary()

        // Stopped in the opposite order, each when the one after it has ended.
        var services: [any Service] = [ReloadService(configuration, snapshots: snapshots, logger: logger)]
        if let address = configuration.management {
            services.append(Listener(address, ManagementDoor(readiness: readiness), name: "management", logger: logger))
        }
        services.append(Listener(configuration.listen, frontDoor(signers), name: "tokens", logger: logger))
        services.append(DrainService(readiness: readiness, delay: configuration.drainDelay, logger: logger))
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: .silent))
        do {
            try await group.run()
        } catch {
            throw ListenerError(error) ?? error
        }
        logger.info("Stopped")
    }

    func frontDoor(_ signers: SignerPool) -> FrontDoor {
        FrontDoor(
            tokenPath: configuration.endpoints.token,
            tokenEndpoint: TokenEndpoint(
                snapshots: snapshots, signers: signers, now: { .now }, makeTokenID: { try TokenID() }),
            snapshots: snapshots)
    }

    private func logSummary() {
        let snapshot = snapshots.current
        logger.info(
            "Starting",
            metadata: [
                "issuer": "\(configuration.issuer)",
                "token_endpoint": "\(configuration.issuer.origin)\(configuration.endpoints.token)",
                "algorithm": "\(configuration.algorithm)",
                "kid": "\(snapshot.signingKey.keyID)",
                "clients": "\(snapshot.clients.count)",
            ])
    }
}

extension NumericDate {
    /// The machine's clock.
    public static var now: NumericDate {
        NumericDate(Int64(Date().timeIntervalSince1970.rounded(.down)))
    }
}
