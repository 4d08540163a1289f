import NIOPosix
import OAuth
import Synchronization

/// Threads that check password hashes. Both the threads and the requests that wait for them are limited in number, so
/// that guesses take no other resource from the rest of the service.
final class PasswordChecks: Sendable {
    private let threads: NIOThreadPool
    /// How many checks may run or wait.
    let capacity: Int
    private let count = Atomic(0)

    /// - Parameters:
    ///   - threadCount: how many checks run at once.
    ///   - capacity: how many checks may run or wait; further ones are refused.
    init(threadCount: Int, capacity: Int) {
        self.capacity = capacity
        threads = NIOThreadPool(numberOfThreads: threadCount)
        threads.start()
    }

    deinit { threads.shutdownGracefully { _ in } }

    /// - Throws: the refusal that the check throws, or at once ``TokenRefusal/Code/overloaded`` if too many wait
    ///   already.
    func run(_ check: PendingPasswordCheck) async throws(TokenRefusal) -> AuthenticatedClient {
        defer { count.subtract(1, ordering: .relaxed) }
        guard count.add(1, ordering: .relaxed).newValue <= capacity else { throw TokenRefusal(.overloaded) }
        do {
            return try await threads.runIfActive { try check.run() }
        } catch let error as TokenRefusal {
            throw error
        } catch {
            // The service is stopping.
            throw TokenRefusal(.overloaded)
        }
    }
}
