import AccessToken
import Admission
import Foundation
import Hummingbird
import Libcrypto
import LiveState
package import Logging
import NIOCore
import OAuth
import PrometheusText
package import ServiceFiles
package import ServiceLifecycle
import Signing
import Telemetry
package import Tracing
package import UnixSignals

/// The service: two listeners, the signer threads, reloads, key rotation and graceful shutdown.
package struct TokenService: Sendable {
    private let configuration: ServiceConfiguration
    let reloader: Reloader
    let metrics: ServiceMetrics
    private let tracer: (any Tracer)?
    private let logger: Logger

    /// Reads keys and clients.
    ///
    /// - Parameters:
    ///   - tracer: receives a span for each request to the token or the introspection endpoint; `nil` if traces are off.
    ///   - setLogLevel: called with `log_level` after the configuration file has changed.
    /// - Throws: all problems with keys, clients and TLS files at once.
    package init(
        _ configuration: ServiceConfiguration, logger: Logger, tracer: (any Tracer)? = nil,
        setLogLevel: @escaping @Sendable (Logger.Level) -> Void = { _ in }
    ) throws(InvalidConfiguration) {
        self.configuration = configuration
        self.tracer = tracer
        self.logger = logger
        if configuration.keysRotation != nil { Self.makeFirstKeys(configuration.keys(.start), logger: logger) }
        let metrics = ServiceMetrics()
        self.metrics = metrics
        reloader = try Reloader(
            configuration, coreCount: System.coreCount, logger: logger, reportReload: { metrics.reloaded($0) },
            reportSettings: { setLogLevel(Logger.Level($0.logLevel)) }, now: .now)
    }

    /// Serves until SIGTERM or SIGINT, then finishes the requests that it has accepted.
    ///
    /// - Parameters:
    ///   - hangups: SIGHUP, trapped before keys and clients were read, so that an early signal is not lost and does not
    ///     end the process.
    ///   - companions: services that run beside this one and stop after it.
    /// - Throws: ``ListenerError`` if the service cannot listen on an address.
    package func run(hangups: UnixSignalsSequence, companions: [any Service] = []) async throws {
        let readiness = Readiness()
        let coreCount = ProcessInfo.processInfo.activeProcessorCount
        let signers = SignerPool(
            threadCount: coreCount, wait: configuration.queueWait, reportWait: { [metrics] in metrics.waited($0) }
        )
        let connections = (
            tokens: ConnectionCount(maximum: Self.maximumConnections(coreCount: coreCount)),
            management: ConnectionCount(maximum: Self.managementConnections)
        )
        collect(readiness, signers, connections)
        let descriptors = DescriptorReserve(logger: logger)
        // At this rate, reading and refusing costs a few per cent of the CPU.
        let pacing = RetryPacing(interval: .microseconds(4000 / Int64(coreCount)))
        let authenticator = try Self.authenticator(configuration, coreCount: coreCount, logger: logger)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)

        // The services are stopped in reverse order, each after the next one has ended.
        let files = FilesThread()
        var services =
            companions + [
                ReloadService(reloader: reloader, files: files, hangups: hangups),
                RotationService(configuration.keys, snapshots: reloader.snapshots, files: files, logger: logger),
            ]
        if let address = configuration.management {
            let router = ManagementRouter(
                readiness: readiness, metrics: metrics.registry,
                description: ByteBuffer(bytes: OpenAPIDocument(configuration: configuration).json))
            services.append(
                Listener(
                    address, router, name: "management", connections: connections.management,
                    descriptors: descriptors, maximumBodySize: EndpointRequest.maximumBodySize, pacing: pacing,
                    logger: logger))
        }
        services.append(
            Listener(
                configuration.listen, tokenRouter(authenticator, signers, readiness), name: "tokens",
                connections: connections.tokens, descriptors: descriptors,
                maximumBodySize: EndpointRequest.maximumBodySize, pacing: pacing, tlsIdentity: tlsIdentity,
                logger: logger
            ) {
                readiness.begin()
            })
        services.append(GracefulShutdown(readiness: readiness, delay: configuration.drainDelay, logger: logger))
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, logger: .silent)
        // A client that never completes its request must not keep the service from stopping.
        group.maximumGracefulShutdownDuration = configuration.drainDelay + Self.longestGoodbye
        let running = ServiceGroup(configuration: group)
        let signalHandling = Task { [logger] in await Self.handle(signals, running, logger) }
        defer { signalHandling.cancel() }
        try await running.run()
        logger.info("Stopped")
    }

    /// Starts graceful shutdown on the first signal, and ends the process at once on a second one.
    private static func handle(_ signals: UnixSignalsSequence, _ running: ServiceGroup, _ logger: Logger) async {
        var isStopping = false
        for await signal in signals {
            guard isStopping else {
                isStopping = true
                await running.triggerGracefulShutdown()
                continue
            }
            logger.warning("Stopped at once by a second signal")
            // Nothing needs to be cleaned up: files are complete at every moment.
            RunningProcess.exitAtOnce(terminated: signal == .sigterm)
        }
    }

    private static let managementConnections = 64

    /// The most connections of clients: 10,000, or as many as leave enough descriptors for everything else, but at
    /// least 16.
    private static func maximumConnections(coreCount: Int) -> Int {
        guard let files = RunningProcess.openFileLimit else { return 10_000 }
        // Each event loop has three descriptors.
        let others = managementConnections + DescriptorReserve.size + 3 * coreCount + 100
        return max(16, min(10_000, files - others))
    }

    /// How long accepted requests have to finish.
    private static let longestGoodbye: Duration = .seconds(30)

    /// The most password checks that run or wait at once, for each thread.
    private static let passwordChecksPerThread = 32

    /// Makes the authenticator. Password checks use at most half of the cores, so that the others continue signing.
    private static func authenticator(
        _ configuration: ServiceConfiguration, coreCount: Int, logger: Logger
    ) throws(LibcryptoError) -> ClientAuthenticator {
        let threadCount = max(1, coreCount / 2)
        return try ClientAuthenticator(
            limits: configuration.throttle, audiences: configuration.assertionAudiences,
            passwordChecks: PasswordChecks(
                threadCount: threadCount, capacity: threadCount * passwordChecksPerThread),
            verifiedSecrets: VerifiedSecretCache().secrets,
            keySets: ClientKeySets { logger.error("No keys from \($0): \($1)") })
    }

    func tokenRouter(
        _ authenticator: ClientAuthenticator, _ signers: SignerPool, _ readiness: Readiness
    ) -> TokenRouter {
        let (snapshots, endpoints, origin) = (reloader.snapshots, configuration.endpoints, configuration.issuer.origin)
        let shell = EndpointShell(
            trustedProxies: { TrustedProxies(networks: snapshots.current.configuration.trustedProxies) },
            tracer: tracer,
            report: { [logger, metrics] event in
                metrics.count(event)
                if let cause = event.refusal?.cause { logger.error("A request could not be answered: \(cause)") }
                logger.info(event.message, metadata: event.metadata)
            })
        return TokenRouter(
            paths: endpoints,
            tokenEndpoint: TokenEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator,
                issuer: TokenIssuer(signers, makeTokenID: { () throws(LibcryptoError) in try TokenID() }),
                url: origin + endpoints.token, now: { .now }),
            introspectionEndpoint: IntrospectionEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator, signers: signers,
                url: origin + endpoints.introspection, now: { .now }),
            snapshots: snapshots, readiness: readiness,
            reportTime: { [metrics] endpoint, time in metrics.took(time, endpoint) })
    }

    /// Makes the first keys if the folder is empty; of several replicas, the first one makes them. If the folder cannot
    /// be written to, that is logged once and the folder is used as it is. Invalid keys are not reported here: the
    /// reloader reports them.
    private static func makeFirstKeys(_ keys: KeysFolder, logger: Logger) {
        do {
            for chain in [keys.signing, keys.sealing] {
                guard let key = try chain.generateFirst() else { continue }
                logger.info("Made the first key", metadata: ["kid": "\(key.keyID)", "file": "\(key.name)"])
            }
            try keys.checkWritable()
        } catch is InvalidConfiguration {
        } catch let error as FolderLockError {
            logger.warning("keys_rotation makes no first key now: \(error)")
        } catch {
            logger.warning("keys_rotation is on, but the keys folder cannot be written to: \(error)")
        }
    }

    /// A summary of what the service serves.
    package func summary(_ memory: MemoryProtection) -> ServiceSummary {
        let snapshot = reloader.snapshots.current
        return ServiceSummary(
            configuration, snapshot, signingKey: snapshot.signingKey(at: .now), memory: memory)
    }

    /// Returns the current TLS identity; `nil` if the service does not end TLS.
    private var tlsIdentity: (@Sendable () -> TLSIdentity)? {
        guard let first = reloader.tlsIdentities.current else { return nil }
        // Once loaded, an identity is replaced but never removed.
        return { [reloader] in reloader.tlsIdentities.current ?? first }
    }
}
