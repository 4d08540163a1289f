import NIOPosix
import OAuth
import Signing
import Synchronization
import WireText

/// Threads that check password hashes. Both the threads and the requests that wait for them are limited in number, so
/// that guesses take no other resource from the rest of the service. Addresses take turns: many attempts from one delay
/// only that one.
final class PasswordChecks: Sendable {
    /// The outcome of a check; ``TokenRefusal`` if it was not made.
    typealias Outcome = Result<Result<AuthenticatedClient, AuthenticationFailure>, TokenRefusal>

    private struct Job: Sendable {
        let check: PendingPasswordCheck
        let continuation: CheckedContinuation<Outcome, Never>

        /// Says that the check is not made.
        func refuse() {
            continuation.resume(returning: .failure(TokenRefusal(.overloaded, cause: .passwordChecksFull)))
        }
    }

    private let threads: NIOThreadPool
    /// How many checks may wait.
    let capacity: Int
    /// For each element the threads have one task, which takes the element whose turn it is then.
    private let waiting = Mutex(FairQueue<AddressBlock?, Job>())

    /// - Parameters:
    ///   - threadCount: how many checks run at once.
    ///   - capacity: how many more checks may wait.
    init(threadCount: Int, capacity: Int) {
        self.capacity = capacity
        threads = NIOThreadPool(numberOfThreads: threadCount)
        threads.start()
    }

    deinit { threads.shutdownGracefully { _ in } }

    /// How many checks wait.
    var waitingCount: Int { waiting.withLock { $0.count } }

    /// Checks a secret when it is the turn of `address`.
    ///
    /// - Throws: the refusal that the check throws; ``TokenRefusal/Code/overloaded`` if too many wait already, or if an
    ///   address with fewer checks needs the room.
    func run(
        _ check: PendingPasswordCheck, from address: AddressBlock?
    ) async throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        try await withCheckedContinuation { continuation in
            add(Job(check: check, continuation: continuation), from: address)
        }.get()
    }

    private func add(_ job: Job, from address: AddressBlock?) {
        switch waiting.withLock({ $0.add(job, of: address, room: capacity) }) {
        case .refused: job.refuse()
        case .admittedInsteadOf(let other): other.refuse()
        case .admitted:
            threads.submit { [self] state in
                guard let next = waiting.withLock({ $0.popFirst() }) else { return }
                // The threads are being stopped.
                guard case .active = state else { return next.refuse() }
                do throws(TokenRefusal) {
                    next.continuation.resume(returning: .success(try next.check.run()))
                } catch {
                    next.continuation.resume(returning: .failure(error))
                }
            }
        }
    }
}
