import AccessToken
import Admission
import Libcrypto
import LiveState
package import Logging
import NIOCore
import NIOPosix
import OAuth
import PrometheusText
package import ServiceFiles
package import ServiceLifecycle
import RemoteKeys
import ReplayStore
import Signing
import Telemetry
package import Tracing

/// The service: two listeners, signatures, reloads, key rotation and graceful shutdown.
package struct TokenService: Sendable {
    let configuration: ServiceConfiguration
    let reloader: Reloader
    let metrics: ServiceMetrics
    let reporter: EventReporter
    let tracer: (any Tracer)?
    let logger: Logger
    private let started = NumericDate.now

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
        try configuration.checkAuthorities()
        try configuration.checkStorePassword()
        try configuration.checkKeyPlaces(startsWithout: configuration.keyPlaces.startsWithout)
        if configuration.keysRotation != nil { Self.makeFirstKeys(configuration.keys(.start), logger: logger) }
        let metrics = ServiceMetrics(isPerClient: configuration.metricsPerClient)
        self.metrics = metrics
        reporter = EventReporter(logger, metrics)
        reloader = try Reloader(
            configuration, coreCount: AvailableCores.count, logger: logger, reportReload: { metrics.reloaded($0) },
            reportSettings: { setLogLevel(Logger.Level($0.logLevel)) }, now: .now)
    }

    /// Serves until SIGTERM or SIGINT, then finishes the requests that it has accepted.
    ///
    /// - Parameters:
    ///   - signals: trapped before keys and clients were read, so that an early signal is not lost.
    ///   - companions: services that run beside this one and stop after it.
    /// - Throws: ``ListenerError`` if the service cannot listen on an address.
    package func run(signals: ServiceSignals, companions: [any Service] = []) async throws {
        let stores = RemoteKeyStores(configuration)
        try await stores.closing { try await run(signals, companions, stores) }
    }

    private func run(
        _ signals: ServiceSignals, _ companions: [any Service], _ stores: RemoteKeyStores
    ) async throws {
        let readiness = Readiness()
        let coreCount = AvailableCores.count
        let remoteSigning = RemoteSigning(
            stores, limit: configuration.keyPlaces.inFlight, wait: configuration.keyPlaces.wait
        ) { [reporter] place, error, duration in
            reporter.report(RemoteSignatureOutcome(place: place, error: error, duration: duration))
        }
        let remoteKeys = RemoteKeyService(
            remoteSigning, snapshots: reloader.snapshots, readiness: readiness, logger: logger)
        try await remoteKeys.start(configuration)
        let signing = EventLoopSigning(MultiThreadedEventLoopGroup.singleton)
        let signers = SignerPool(
            workerCount: signing.workerCount, wait: configuration.queueWait, remote: remoteSigning,
            reportWait: { [metrics] in metrics.waited($0) }, wakeWorkers: signing.wake)
        try await signing.start(signers)
        let replayStore = ReplayStore(configuration) { [reporter] failure in
            reporter.report(failure.map { .failed(reason: $0.description) } ?? ReplayStoreEvent.answers)
        }
        replayStore?.start()
        // The store remembers what was used before the start.
        let firstSecond = FirstSecond(
            started: started, hasAssertions: reloader.snapshots.current.hasSingleUse && replayStore == nil)
        // Any client may send DPoP proofs, so those that were made in the second of the start are refused in any case, unless
        // there is a store.
        let memory = try ReplayCache(
            start: firstSecond.second, delayOfProofs: firstSecond.second > started ? .zero : .seconds(1),
            lifetimes: AssertionLifetimes(configuration.assertionRules, of: reloader.snapshots.current.clients))
        let usedAssertions: any ReplayProtection =
            replayStore.map { SharedReplayCache(memory, .init($0), issuer: configuration.issuer) } ?? memory
        let issuerKeys = IssuerKeySets(http: OutgoingHTTP(configuration), access: configuration.access) {
            [reporter] in reporter.report($0)
        }
        let authenticator = try authenticator(usedAssertions, issuerKeys, coreCount: coreCount)
        let files = FilesThread()
        let uses = ClientUses(start: started)
        let usesService = ClientUsesService(
            uses, snapshots: reloader.snapshots, file: configuration.stateFile, logger: logger)
        let listeners = try listeners(
            authenticator, usedAssertions, signers, uses, readiness, firstSecond, files, issuerKeys,
            coreCount: coreCount)
        collect(readiness, signers, remoteSigning, issuerKeys, replayStore, uses, usesService, listeners)

        // The services are stopped in reverse order, each after the next one has ended.
        var services =
            companions + [
                SummaryService(reporter: reporter),
                // The last requests are answered before it writes what they did.
                usesService,
                ReloadService(reloader: reloader, files: files, signers: signers, hangups: signals.hangups),
                RotationService(
                    configuration.keys, stores, snapshots: reloader.snapshots, files: files, logger: logger),
                remoteKeys,
            ]
        if let replayStore { services.append(ReplayStoreService(store: replayStore)) }
        services += listeners as [any Service]
        services.append(GracefulShutdown(readiness: readiness, delay: configuration.drainDelay, logger: logger))
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, logger: .silent)
        // A client that never completes its request must not keep the service from stopping.
        group.maximumGracefulShutdownDuration = configuration.drainDelay + Self.longestGoodbye
        let running = ServiceGroup(configuration: group)
        signals.begin(stoppingWithin: configuration.drainDelay + Self.longestGoodbye + Self.longestFlush) {
            Task { await running.triggerGracefulShutdown() }
        }
        defer { signals.end() }
        try await running.run()
        logger.info("Stopped")
    }

    /// How long accepted requests have to finish.
    private static let longestGoodbye: Duration = .seconds(30)

    /// How long companions have to send what they hold, and all services to end.
    private static let longestFlush: Duration = .seconds(10)

    /// The most password checks that run or wait at once, for each thread.
    private static let passwordChecksPerThread = 32

    /// Makes the authenticator. Password checks use at most half of the cores, so that the others continue signing.
    private func authenticator(
        _ usedAssertions: any ReplayProtection, _ issuerKeys: IssuerKeySets, coreCount: Int
    ) throws(LibcryptoError) -> ClientAuthenticator {
        let threadCount = max(1, coreCount / 2)
        return ClientAuthenticator(
            limits: configuration.throttle, audiences: configuration.assertionAudiences(at:),
            profile: configuration.profile,
            passwordChecks: PasswordChecks(
                threadCount: threadCount, capacity: threadCount * Self.passwordChecksPerThread),
            verifiedSecrets: try VerifiedSecretCache().secrets,
            keySets: ClientKeySets(http: OutgoingHTTP(configuration)) { [reporter] in reporter.report($0) },
            issuerKeys: issuerKeys, usedAssertions: usedAssertions,
            certificatePath: { [reloader] in reloader.tlsIdentities.currentAuthorities?.path })
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
}
