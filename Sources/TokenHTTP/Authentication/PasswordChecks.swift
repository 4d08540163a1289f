import NIOPosix
import OAuth
import Synchronization

/// Threads that try password hashes, few of them and with a bound on how many requests wait, so that those who guess
/// cost the rest of the service nothing but that.
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

    /// - Throws: what the trial throws, and ``TokenError/overloaded`` at once where too many wait already.
    func run(_ trial: PendingPasswordCheck) async throws(TokenError) -> AuthenticatedClient {
        defer { count.subtract(1, ordering: .relaxed) }
        guard count.add(1, ordering: .relaxed).newValue <= capacity else { throw .overloaded }
        do {
            return try await threads.runIfActive { try trial.run() }
        } catch let error as TokenError {
            throw error
        } catch {
            // The service is ending.
            throw .overloaded
        }
    }
}
