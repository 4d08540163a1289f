import AccessToken
import Dispatch
import JOSE
import Libcrypto
import NIOCore
import NIOPosix
import OAuth
import Signing
import Synchronization
import SystemPackage
import Testing

@testable import TokenHTTP

/// Signatures on event loops: what else a loop does, and what another loop does for it.
@Suite(.timeLimit(.minutes(1))) struct EventLoopSigningTests {
    private let group: MultiThreadedEventLoopGroup
    private let signing: EventLoopSigning
    private let pool: SignerPool
    private let key: SigningKey

    private static let input = JWSSigningInput(encodedHeader: Array("e30".utf8), payload: [])
    private static let loopCount = 2

    init() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: Self.loopCount)
        let signing = EventLoopSigning(group)
        self.group = group
        self.signing = signing
        pool = SignerPool(
            workerCount: signing.workerCount, wait: .seconds(60), reportWait: { _ in },
            wakeWorkers: { signing.wake(waitingCount: $0) })
        key = try SigningKey(.generateRSA(bits: 2048), keyID: "k", algorithm: .rs256)
        try await signing.start(pool)
    }

    private var loops: [any EventLoop] { group.makeIterator().map { $0 } }

    /// Keeps an event loop from doing anything.
    ///
    /// - Returns: lets it go on.
    private func hold(_ loop: any EventLoop) -> @Sendable () -> Void {
        let semaphore = DispatchSemaphore(value: 0)
        loop.execute { semaphore.wait() }
        return { semaphore.signal() }
    }

    /// Asks for signatures, and calls `body` when all of them wait.
    private func withSignatures(_ count: Int, _ body: () async throws -> Void = {}) async throws {
        let client = try ClientID("c")
        try await withThrowingTaskGroup(of: Void.self) { [pool, key] group in
            for _ in 0..<count { group.addTask { _ = try await pool.sign(Self.input, with: key, for: client) } }
            try await body()
            try await group.waitForAll()
        }
    }

    @Test("An idle event loop makes the signatures while another one is busy")
    func balance() async throws {
        for loop in loops {
            let goOn = hold(loop)
            // If the loop that is held were the only one to sign, this would never end.
            try await withSignatures(32)
            goOn()
        }
        try await group.shutdownGracefully()
    }

    @Test("Between two batches of signatures an event loop reads its connections")
    func polling() async throws {
        let loop = loops[0]
        let holds = loops.map(hold)
        let waiting = loop.makePromise(of: Int.self)
        let (output, input) = try FileDescriptor.pipe()
        let pipe = NIOPipeBootstrap(group: loop)
            .channelInitializer { [pool] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Reader { waiting.succeed(pool.waitingCount) })
                }
            }.takingOwnershipOfDescriptor(input: output.rawValue)
        try await withSignatures(400) {
            while pool.waitingCount < 400 { await Task.yield() }
            try input.writeAll([1])
            // The second loop stays busy with something else.
            holds[0]()
            _ = try await pipe.get()
            #expect(try await waiting.futureResult.get() > 0)
            holds[1]()
        }
        try input.close()
        try await group.shutdownGracefully()
    }

    /// Reports that octets have arrived.
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let report: () -> Void

        init(_ report: @escaping () -> Void) { self.report = report }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { report() }
    }
}
