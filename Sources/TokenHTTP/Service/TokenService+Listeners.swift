import AccessToken
import Admission
import HTTPEdge
import Libcrypto
import LiveState
import NIOCore
import NIOPosix
import OAuth
import ServiceFiles
import Signing
import Telemetry
import WireText

extension TokenService {
    /// The listeners in the order of their start: management, and the one for tokens.
    func listeners(
        _ authenticator: ClientAuthenticator, _ replays: any ReplayProtection, _ signers: SignerPool,
        _ uses: ClientUses, _ readiness: Readiness, _ firstSecond: FirstSecond, _ files: FilesThread,
        _ issuerKeys: IssuerKeySets, coreCount: Int
    ) throws -> [ListenerService] {
        let reserve = DescriptorReserve(logger: logger)
        let proxies = trustedProxies
        func listener(
            _ name: String, _ address: ListenAddress, _ budget: MemoryBudget, connections: Int,
            evictionTime: TimeAmount,
            tls: (@Sendable () -> ServerTLS)? = nil, onListening: @escaping @Sendable () -> Void = {},
            respond: @escaping Responder
        ) -> ListenerService {
            var limits = ConnectionLimits(idleTime: TimeAmount(configuration.idleTimeout))
            limits.connections = connections
            limits.evictionTime = evictionTime
            var settings = ListenerConfiguration(
                host: address.host, port: address.port, limits: limits, budget: budget, descriptors: reserve, tls: tls,
                now: { NumericDate.now.seconds },
                report: { [reporter] in reporter.report(HTTPEvent($0, listener: name)) }, respond: respond)
            settings.share = { proxies().share(of: $0) }
            settings.reportCertificates = { [reloader] in
                reloader.tlsIdentities.currentAuthorities?.keepIntermediates(of: $0, now: .now)
            }
            return ListenerService(
                name, address, settings, logger: logger, report: { [reporter] in reporter.report($0) },
                onListening: onListening)
        }

        let router = tokenRouter(authenticator, replays, signers, uses, readiness, files, coreCount: coreCount)
        let tokens = listener(
            "tokens", configuration.listen,
            MemoryBudget(capacity: memoryForConnections, onEbb: Self.returnMemory),
            connections: Self.maximumConnections(coreCount: coreCount), evictionTime: .seconds(2), tls: tlsContext,
            onListening: {
                guard firstSecond.isAhead() else { return readiness.begin() }
                Task {
                    await firstSecond.wait()
                    readiness.begin()
                }
            }, respond: router.reply)
        var listeners = [tokens]
        if let address = configuration.management {
            let router = ManagementRouter(
                readiness: readiness, metrics: MetricsPage(metrics.registry),
                lastUses: LastUsesDocument(uses, snapshots: reloader.snapshots),
                description: ByteBuffer(
                    bytes: OpenAPIDocument(
                        configuration: configuration, use: reloader.snapshots.current.metadataUse
                    ).json),
                console: try consoleRoutes(address, readiness, signers, issuerKeys, uses) { tokens.connectionCount },
                report: { [reporter] in reporter.report($0) })
            let management = listener(
                "management", address, MemoryBudget(capacity: Self.memoryForManagement),
                connections: Self.managementConnections, evictionTime: .milliseconds(100), respond: router.reply)
            listeners.insert(management, at: 0)
        }
        return listeners
    }

    /// The memory for connections in octets: half of what keys, clients and a reserve leave of the service's limit, since
    /// the memory of many small buffers is never full.
    private var memoryForConnections: Int {
        let limit = configuration.memory ?? MemoryLimit.current ?? 256 << 20
        let others = (MemoryLimit.resident ?? 64 << 20) + (32 << 20)
        return max(8 << 20, (limit - others) / 2)
    }

    /// Gives memory back to the system after a flood, when the buffers of its connections have been freed.
    @Sendable private static func returnMemory() {
        MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: .seconds(1)) {
            NIOThreadPool.singleton.submit { _ in ProcessMemory.returnFreed() }
        }
    }

    private static let managementConnections = 64

    /// What the connections of the management listener may take: a budget of their own, so that a flood of the other
    /// listener does not keep probes out.
    private static let memoryForManagement = 8 << 20

    /// The most connections of clients: 10,000, or as many as leave enough descriptors for everything else, but at
    /// least 16.
    private static func maximumConnections(coreCount: Int) -> Int {
        guard let files = RunningProcess.openFileLimit else { return 10_000 }
        // Each event loop has three descriptors, and two for the pipe of its signatures.
        let others = managementConnections + DescriptorReserve.size + 5 * coreCount + 100
        return max(16, min(10_000, files - others))
    }

    /// Returns the trusted proxies, which may change while the service runs.
    private var trustedProxies: @Sendable () -> TrustedProxies {
        { [reloader] in TrustedProxies(reloader.snapshots.current.configuration.trustedProxies) }
    }

    func tokenRouter(
        _ authenticator: ClientAuthenticator, _ replays: any ReplayProtection, _ signers: SignerPool,
        _ uses: ClientUses, _ readiness: Readiness, _ files: FilesThread, coreCount: Int
    ) -> TokenRouter {
        let (snapshots, endpoints, origin) = (reloader.snapshots, configuration.endpoints, configuration.issuer.origin)
        let proxies = trustedProxies
        let shell = EndpointShell(
            trustedProxies: proxies, tracer: tracer, timesSteps: { [reporter] in reporter.logsSteps },
            report: { [reporter] in reporter.report($0) })
        return TokenRouter(
            paths: endpoints,
            tokenEndpoint: TokenEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator,
                issuer: TokenIssuer(signers, makeTokenID: { () throws(LibcryptoError) in try TokenID() }),
                usedProofs: replays, uses: uses,
                path: endpoints.token, url: origin + endpoints.token, now: { .now }),
            introspectionEndpoint: IntrospectionEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator, signers: signers,
                path: endpoints.introspection, url: origin + endpoints.introspection, now: { .now }),
            revocationEndpoint: RevocationEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator,
                revoker: ClientRevoker(files: files, reloader: reloader, logger: logger),
                path: endpoints.revocation, url: origin + endpoints.revocation, now: { .now }),
            statusLists: statusLists(signers),
            snapshots: snapshots, readiness: readiness, tasks: EventLoopTasks(MultiThreadedEventLoopGroup.singleton),
            pacing: RetryPacing(coreCount: coreCount, isProxied: configuration.tls == .upstream, proxies: proxies),
            reportTime: { [metrics] endpoint, time in metrics.took(time, endpoint) },
            report: { [reporter] in reporter.report($0) })
    }

    private func statusLists(_ signers: SignerPool) -> StatusListHandler {
        let urls = reloader.snapshots.current.policy.statusLists
        return StatusListHandler(
            publisher: StatusListPublisher(urls: urls) { [metrics] list in
                let signature = try await signers.signForService(list.signingInput, with: list.key)
                metrics.signedStatusList()
                return signature
            },
            snapshots: reloader.snapshots, path: configuration.endpoints.statusLists, urls: urls, now: { .now })
    }

    /// Returns the current certificate with its key; `nil` if the service does not end TLS. Clients are asked for
    /// certificates if one of them needs one now.
    private var tlsContext: (@Sendable () -> ServerTLS)? {
        guard let first = reloader.tlsIdentities.current else { return nil }
        return { [reloader] in
            // Once loaded, an identity is replaced but never removed.
            let identity = reloader.tlsIdentities.current ?? first
            let asks = reloader.snapshots.current.asksForCertificates
            return ServerTLS(
                asks ? identity.contextWithCertificates : identity.context, asksForCertificates: asks)
        }
    }
}
