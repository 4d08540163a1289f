import AccessToken
import Admission
import ClientState
import LiveState
import Logging
import NIOCore
import NIOPosix
import OAuth
import ServiceLifecycle
import Synchronization
import SystemPackage

/// Drops what is known of clients that are gone, and keeps last uses in the file of `state`, if there is one: every ten seconds,
/// and when the service stops.
///
/// It has a thread of its own: a disk that hangs keeps nothing else waiting. What cannot be written is kept in memory, and
/// written as soon as it can be.
final class ClientUsesService: Service {
    private struct State {
        var database: ClientStateDatabase?
        /// The clients whose uses were read.
        var clients: ClientRegistry?
        var failure: String?
    }

    private static let interval: Duration = .seconds(10)
    /// How long the service waits for the disk when it stops.
    private static let patience: TimeAmount = .seconds(5)

    private let uses: ClientUses
    private let snapshots: SnapshotStore
    private let logger: Logger
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let state: Mutex<State>
    private let isBusy = Atomic<Bool>(false)
    private let isUpFlag = Atomic<Bool>(false)
    private let failures = Atomic<Int>(0)
    private let savedSeconds = Atomic<Int64>(0)

    /// Whether uses are kept over a restart.
    let keepsState: Bool

    /// - Parameter file: `state`; `nil` if last uses end with the process.
    init(_ uses: ClientUses, snapshots: SnapshotStore, file: FilePath?, logger: Logger) {
        self.uses = uses
        self.snapshots = snapshots
        self.logger = logger
        keepsState = file != nil
        state = Mutex(State(database: file.map { ClientStateDatabase($0) }))
        thread.start()
    }

    deinit { thread.shutdownGracefully { _ in } }

    /// Whether the file could be read and written when that was last tried.
    var isUp: Bool { isUpFlag.load(ordering: .relaxed) }

    /// How often the file could not be read or written.
    var failureCount: Int { failures.load(ordering: .relaxed) }

    /// When everything was last in the file; 1970 if it never was.
    var saved: NumericDate { NumericDate(savedSeconds.load(ordering: .relaxed)) }

    func run() async {
        await cancelWhenGracefulShutdown { [self] in
            repeat { await step() } while (try? await Task.sleep(for: Self.interval)) != nil
        }
        await step()
    }

    /// Waits until the file is written, but not longer than ``patience``. It does nothing while the last step is under way.
    private func step() async {
        guard !isBusy.exchange(true, ordering: .acquiring) else { return }
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let promise = loop.makePromise(of: Void.self)
        let end = loop.scheduleTask(in: Self.patience) { promise.succeed() }
        thread.submit { [self] _ in
            synchronize(now: .now)
            isBusy.store(false, ordering: .releasing)
            promise.succeed()
        }
        try? await promise.futureResult.get()
        end.cancel()
    }

    private func synchronize(now: NumericDate) {
        let clients = snapshots.current.clients
        state.withLock { state in
            if state.database != nil { synchronize(&state, clients, now: now) }
        }
        // A reload during the write has added clients that may have got tokens by now.
        uses.forget(except: snapshots.current.clients)
    }

    private func synchronize(_ state: inout State, _ clients: ClientRegistry, now: NumericDate) {
        do throws(ClientStateError) {
            let damaged = try state.database?.synchronize(
                uses, isRegistered: { clients[$0] != nil }, readsAll: state.clients !== clients, now: now)
            if let damaged {
                logger.error(
                    "The file of state was damaged. A new one is begun", metadata: ["damaged_file": "\(damaged)"])
            }
            state.clients = clients
            if state.failure != nil { logger.info("The file of state can be used again") }
            state.failure = nil
            isUpFlag.store(true, ordering: .relaxed)
            savedSeconds.store(now.seconds, ordering: .relaxed)
        } catch {
            failures.add(1, ordering: .relaxed)
            isUpFlag.store(false, ordering: .relaxed)
            let text = error.description
            guard state.failure != text else { return }
            state.failure = text
            logger.warning("Last uses of clients are lost at a restart while the file of state cannot be used: \(text)")
        }
    }
}
