public import AccessToken
import Foundation
import Glibc
import Hummingbird
import Libcrypto
public import Logging
import NIOCore
import OAuth
import ServiceLifecycle
import Signing
public import UnixSignals

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
        if configuration.keysRotation != nil { Self.makeFirstKeys(configuration.keys, logger: logger) }
        reloader = try Reloader(configuration, logger: logger, now: .now)
    }

    /// Serves until SIGTERM or SIGINT, then lets the requests that it has finish.
    ///
    /// - Parameter hangups: SIGHUP, trapped before keys and clients were read, so that one that comes early is not lost
    ///   and does not end the process.
    /// - Throws: ``ListenerError`` where an address cannot be listened on.
    public func run(hangups: UnixSignalsSequence) async throws {
        let readiness = Readiness()
        let coreCount = ProcessInfo.processInfo.activeProcessorCount
        let signers = SignerPool(threadCount: coreCount, capacity: Self.signingQueueCapacity)
        let gate = try Self.gate(configuration, coreCount: coreCount, logger: logger)
        logSummary()
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)

        // Stopped in the opposite order, each when the one after it has ended.
        var services: [any Service] = [ReloadService(reloader: reloader, hangups: hangups)]
        if let rotation = rotationService { services.append(rotation) }
        if let address = configuration.management {
            let door = ManagementDoor(readiness: readiness, snapshots: reloader.snapshots, now: { .now })
            services.append(Listener(address, door, name: "management", logger: logger))
        }
        services.append(
            Listener(configuration.listen, frontDoor(gate, signers, readiness), name: "tokens", logger: logger) {
                readiness.begin()
            })
        services.append(DrainService(readiness: readiness, delay: configuration.drainDelay, logger: logger))
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, logger: .silent)
        // A client that never ends its request does not keep the service from ending.
        group.maximumGracefulShutdownDuration = configuration.drainDelay + Self.longestGoodbye
        let running = ServiceGroup(configuration: group)
        let obedience = Task { [logger] in await Self.obey(signals, running, logger) }
        defer { obedience.cancel() }
        try await running.run()
        logger.info("Stopped")
    }

    /// The first signal asks the service to stop; whoever sends a second one wants it gone.
    private static func obey(_ signals: UnixSignalsSequence, _ running: ServiceGroup, _ logger: Logger) async {
        var isStopping = false
        for await signal in signals {
            guard isStopping else {
                isStopping = true
                await running.triggerGracefulShutdown()
                continue
            }
            logger.warning("Stopped at once by a second signal")
            // Files are whole at every moment; there is nothing else to put in order.
            _exit(128 + (signal == .sigterm ? SIGTERM : SIGINT))
        }
    }

    /// How long requests that were accepted have to finish.
    private static let longestGoodbye: Duration = .seconds(30)

    /// Password hashes that may be tried or wait at once, for each thread that tries them.
    private static let passwordChecksPerThread = 32

    /// Half of the cores at most try password hashes: the others go on signing.
    private static func gate(
        _ configuration: ServiceConfiguration, coreCount: Int, logger: Logger
    ) throws(LibcryptoError) -> ClientGate {
        let threadCount = max(1, coreCount / 2)
        return try ClientGate(
            limits: configuration.throttle, audiences: configuration.assertionAudiences,
            passwordChecks: PasswordChecks(
                threadCount: threadCount, capacity: threadCount * passwordChecksPerThread),
            keySets: ClientKeySets { logger.error("No keys from \($0): \($1)") },
            reportFailure: { logger.error("A request could not be answered: \($0)") })
    }

    func frontDoor(_ gate: ClientGate, _ signers: SignerPool, _ readiness: Readiness) -> FrontDoor {
        let services = EndpointServices(
            snapshots: reloader.snapshots, gate: gate,
            trustedProxies: TrustedProxies(networks: configuration.trustedProxies), signers: signers, now: { .now },
            reportFailure: { [logger] in logger.error("A request could not be answered: \($0)") },
            report: { [logger] event in logger.info(event.message, metadata: event.metadata) })
        return FrontDoor(
            paths: configuration.endpoints,
            tokenEndpoint: TokenEndpoint(
                services: services, makeTokenID: { () throws(LibcryptoError) in try TokenID() }),
            introspectionEndpoint: IntrospectionEndpoint(services: services), snapshots: reloader.snapshots,
            readiness: readiness)
    }

    private var rotationService: RotationService? {
        configuration.keysRotation.map { plan in
            RotationService(
                chains: [configuration.keys.signing, configuration.keys.sealing], plan: plan,
                lifetimes: { [reloader] in reloader.snapshots.current.lifetimes }, logger: logger)
        }
    }

    /// On an empty folder the first of all replicas makes the first keys. A folder that cannot be written to is told,
    /// once, and used as it is; keys that do not check are told by whoever reads them next.
    private static func makeFirstKeys(_ keys: KeysFolder, logger: Logger) {
        do {
            for chain in [keys.signing, keys.sealing] {
                guard let key = try chain.generateFirst() else { continue }
                logger.info("Made the first key", metadata: ["kid": "\(key.keyID)", "file": "\(key.name)"])
            }
            try keys.checkWritable()
        } catch is InvalidConfiguration {
        } catch {
            logger.warning("keys_rotation is on, but the keys folder cannot be written to: \(error)")
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
