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
    private let reloader: Reloader
    private let logger: Logger

    /// Signatures that may wait for a thread: about 80 ms of work for each core.
    static let signingQueueCapacity = 256

    /// Reads keys and clients.
    ///
    /// - Throws: everything that is wrong with them, at once.
    public init(_ configuration: ServiceConfiguration, logger: Logger) throws(InvalidConfiguration) {
        self.configuration = configuration
        self.logger = logger
        if configuration.keysRotation != nil { Self.makeFirstKey(configuration.keys, logger: logger) }
        reloader = try Reloader(configuration, logger: logger, now: .now)
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
        var services: [any Service] = [ReloadService(reloader: reloader)]
        if let rotation = rotationService { services.append(rotation) }
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
                snapshots: reloader.snapshots, signers: signers, now: { .now }, makeTokenID: { try TokenID() }),
            snapshots: reloader.snapshots)
    }

    private var rotationService: RotationService? {
        configuration.keysRotation.map { plan in
            RotationService(
                keys: configuration.keys, plan: plan,
                longestLifetime: { [reloader] in reloader.snapshots.current.longestLifetime }, logger: logger)
        }
    }

    /// On an empty folder the first of all replicas makes the first key. A folder that cannot be written to is told,
    /// once, and used as it is.
    private static func makeFirstKey(_ keys: KeysFolder, logger: Logger) {
        do {
            if let key = try keys.generateFirst() {
                logger.info("Made the first key", metadata: ["kid": "\(key.keyID)", "file": "\(key.name)"])
            }
            try keys.locked {}
        } catch {
            logger.warning("keys_rotation is on, but \(keys.path) cannot be written to: \(error)")
        }
    }

    private func logSummary() {
        let snapshot = reloader.snapshots.current
        logger.info(
            "Starting",
            metadata: [
                "issuer": "\(configuration.issuer)",
                "token_endpoint": "\(configuration.issuer.origin)\(configuration.endpoints.token)",
                "algorithm": "\(configuration.algorithm)",
                "kid": "\(snapshot.signingKey(at: .now).keyID)",
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
