import AccessToken
import Admission
import JOSE
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import OAuth
import OTLPTracing
import Signing
import Synchronization
import SystemPackage
import Telemetry

@testable import HTTPEdge
@testable import LiveState
@testable import ServiceFiles
@testable import TokenHTTP

/// Connections to the token listener without sockets: the handlers of the edge, and the router behind them.
final class TokenConnections: Sendable {
    private let router: TokenRouter
    private let signers: SignerPool
    private let descriptors = DescriptorReserve(logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })

    init(queueWait: Duration) throws {
        let folder = try ServiceFolder()
        let configuration = try ServiceConfiguration(reading: FilePath(folder.configuration), environment: [:])
        // Nobody sends its spans; but the fields that it reads are anybody's.
        let tracer = OTLPTracer(serviceVersion: "fuzz", capacity: 16) { _ in }
        // It reads everything now, and looks for no changes.
        let service = try withExtendedLifetime(folder) {
            try TokenService(configuration, logger: Self.logger, tracer: tracer)
        }
        let usedAssertions = try ReplayCache(start: NumericDate(.min))
        let authenticator = try ClientAuthenticator(
            limits: configuration.throttle, audiences: configuration.assertionAudiences(at:),
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 8),
            verifiedSecrets: VerifiedSecretCache().secrets, keySets: ClientKeySets { _ in },
            usedAssertions: usedAssertions)
        // The signatures are made by the thread that has the connections.
        signers = SignerPool(workerCount: 1, wait: queueWait, reportWait: { _ in }, wakeWorkers: { _ in })
        router = service.tokenRouter(
            authenticator, usedAssertions, signers, ClientUses(start: NumericDate(0)), Readiness(), FilesThread(),
            coreCount: 1)
        let policy = configuration.policy
        statusLists = StatusListHandler(
            publisher: StatusListPublisher(urls: policy.statusLists, threads: nil) { [signers] in
                try signers.signAtOnce($0.signingInput, with: $0.key)
            },
            snapshots: router.snapshots, path: router.paths.statusLists, urls: policy.statusLists, now: { .now })
    }

    /// What has become of a connection.
    struct Outcome {
        /// What the client has read.
        let received: [UInt8]
        /// Whether the client could not read the rest.
        let isTruncated: Bool
        /// The methods of the requests that reached the router.
        let methods: [HTTPMethod]
    }

    /// Does what the script says, and then nothing, until the server closes the connection.
    func play(_ script: ConnectionScript, _ version: EmbeddedConnection.Version) throws -> Outcome {
        weak var loop: EmbeddedEventLoop?
        let budget = MemoryBudget(capacity: script.memory)
        let methods = Mutex<[HTTPMethod]>([])
        var (received, isTruncated) = ([UInt8](), false)
        do {
            let player = ScriptPlayer(signers.makeWorker())
            let router = makeRouter(player.readiness)
            let configuration = ListenerConfiguration(
                host: "127.0.0.1", port: 0, limits: ConnectionLimits(), budget: budget, descriptors: descriptors,
                now: { 1_795_000_000 }, report: { _ in },
                respond: { request, loop in
                    methods.withLock { $0.append(request.method) }
                    return router.reply(to: request, on: loop)
                })
            if let connection = try? EmbeddedConnection(version, configuration, work: player.work) {
                loop = connection.loop
                player.play(script, on: connection) {
                    require((0...script.memory).contains(budget.drawn), "no more memory is drawn than there is")
                }
                require(!connection.isOpen, "a connection ends when its client does nothing more")
                require(connection.listener.connectionCount == 0, "a closed connection is not counted")
                (received, isTruncated) = (connection.received, connection.socket.isTruncated)
            }
        }
        require(budget.drawn == 0, "a closed connection gives back all memory")
        // An event loop that has a timer traps when it goes.
        require(loop == nil, "nothing is left of a closed connection")
        return Outcome(received: received, isTruncated: isTruncated, methods: methods.withLock { $0 })
    }

    private func makeRouter(_ readiness: Readiness) -> TokenRouter {
        TokenRouter(
            paths: router.paths, tokenEndpoint: router.tokenEndpoint,
            introspectionEndpoint: router.introspectionEndpoint, revocationEndpoint: router.revocationEndpoint,
            statusLists: statusLists, snapshots: router.snapshots, readiness: readiness,
            tasks: router.tasks, pacing: router.pacing, reportTime: router.reportTime, report: router.report)
    }

    /// Each line must be JSON whatever is in the request.
    private static let logger = Logger(label: "fuzz") { _ in
        ServiceLogHandler(.json) { line in
            require((try? JSONReader.read(line))?.object != nil, "a line of the log is JSON")
            require(line.allSatisfy { $0 >= 0x20 }, "a line of the log is one line")
        }
    }
}
