import NIOPosix
import OAuth
import Synchronization

/// Threads that check password hashes. Both the threads and the requests that wait for them are few, so that guesses cost the
/// rest of the service nothing else.
final class PasswordChecks: Sendable {
    private let threads: NIOThreadPool
    /// How many may run or wait.
    let capacity: Int
    private let count = Atomic(0)

    /// - Parameters:
    ///   - threadCount: how many run at once.
    ///   - capacity: how many may run or wait; more are refused.
    init(threadCount: Int, capacity: Int) {
        self.capacity = capacity
        threads = NIOThreadPool(numberOfThreads: threadCount)
        threads.start()
    }

    deinit { threads.shutdownGracefully { _ in } }

    /// - Throws: what the check throws, and ``TokenRefusal/Code/overloaded`` at once if too many wait already.
    func run(_ check: PendingPasswordCheck) async throws(TokenRefusal) -> AuthenticatedClient {
        defer { count.subtract(1, ordering: .relaxed) }
        guard count.add(1, ordering: .relaxed).newValue <= capacity else { throw TokenRefusal(.overloaded) }
        do {
            return try await threads.runIfActive { try check.run() }
        } catch let error as TokenRefusal {
            throw error
        } catch {
            // The service is ending.
            throw TokenRefusal(.overloaded)
        }
    }
}
