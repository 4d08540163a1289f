import NIOCore
import NIOPosix
import Signing
import Synchronization
import SystemPackage

/// Makes signatures on the event loops, in batches of about a millisecond.
///
/// Between two batches an event loop polls its connections. A task that it schedules for itself would run before that,
/// and starve the connections; a byte in a pipe that the loop itself reads does not. All loops take their jobs from one
/// queue, so that an idle loop helps a busy one.
final class EventLoopSigning: Sendable {
    /// How long an event loop signs before it polls its connections.
    private static let batch: Duration = .milliseconds(1)

    private let loops: [any EventLoop]
    private let signers = Mutex<[NIOLoopBound<LoopSigner>]>([])
    /// Which loops sign, or will sign soon.
    private let busy: Mutex<[Bool]>

    init(_ group: any EventLoopGroup) {
        loops = Array(group.makeIterator())
        busy = Mutex(loops.map { _ in false })
    }

    /// How many workers it needs.
    var workerCount: Int { loops.count }

    /// Gives each event loop a worker of the pool. Until then, jobs wait.
    ///
    /// - Throws: if the system has no pipe.
    func start(_ pool: SignerPool) async throws {
        var signers: [NIOLoopBound<LoopSigner>] = []
        for (index, loop) in loops.enumerated() {
            let (output, input) = try SystemPackage.FileDescriptor.pipe()
            signers.append(
                try await loop.flatSubmit { [self] in
                    let signer = LoopSigner(pool.makeWorker(), pipe: input) { [self] in run(index) }
                    let bound = NIOLoopBound(signer, eventLoop: loop)
                    return NIOPipeBootstrap(group: loop)
                        .channelInitializer { channel in
                            channel.eventLoop.makeCompletedFuture {
                                try channel.pipeline.syncOperations.addHandler(bound.value)
                            }
                        }
                        .takingOwnershipOfDescriptor(input: output.rawValue).map { _ in bound }
                }.get())
        }
        self.signers.withLock { $0 = signers }
        wake(waitingCount: loops.count)
    }

    /// Has the current event loop sign, and an idle one too if more jobs wait than loops are busy.
    func wake(waitingCount: Int) {
        let current = MultiThreadedEventLoopGroup.currentEventLoop
        let chosen = busy.withLock { busy -> [Int] in
            var chosen: [Int] = []
            var rest = waitingCount - busy.count { $0 }
            func choose(_ index: Int) {
                busy[index] = true
                chosen.append(index)
                rest -= 1
            }
            if let current, let index = loops.firstIndex(where: { $0 === current }), !busy[index] { choose(index) }
            while rest > 0, let index = busy.firstIndex(of: false) { choose(index) }
            return chosen
        }
        for index in chosen { loops[index].execute { [self] in run(index) } }
    }

    /// Makes one batch on the event loop.
    private func run(_ index: Int) {
        guard let signer = signers.withLock({ $0.isEmpty ? nil : $0[index] })?.value else {
            return busy.withLock { $0[index] = false }
        }
        if signer.worker.work(for: Self.batch) {
            if !signer.continueAfterPolling() { loops[index].execute { [self] in run(index) } }
            return
        }
        busy.withLock { $0[index] = false }
        // A job that was added in the meantime has woken no loop.
        if signer.worker.hasWork { wake(waitingCount: 1) }
    }
}

/// The signatures of one event loop.
private final class LoopSigner: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    let worker: SigningWorker
    private let pipe: SystemPackage.FileDescriptor
    private let run: () -> Void

    /// - Parameters:
    ///   - pipe: the end of a pipe to write to; the other end is the channel of this handler.
    ///   - run: makes the next batch.
    init(_ worker: SigningWorker, pipe: SystemPackage.FileDescriptor, run: @escaping () -> Void) {
        self.worker = worker
        self.pipe = pipe
        self.run = run
    }

    /// One byte is in the pipe at most, so that writing it never blocks.
    ///
    /// - Returns: false if the pipe is broken.
    func continueAfterPolling() -> Bool { (try? pipe.writeAll([0])) != nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { run() }
}
