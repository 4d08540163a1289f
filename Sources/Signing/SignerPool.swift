package import AccessToken
import Foundation
package import JOSE
package import OAuth

/// A fixed set of threads that make signatures, behind a bounded queue, so that the event loops never wait for one.
///
/// Each thread has its own copy of the key. A job that cannot be done in time is refused at once, and clients take
/// turns.
package final class SignerPool: Sendable {
    private let queue: SigningQueue

    /// - Parameters:
    ///   - threadCount: as many as there are cores, usually.
    ///   - wait: how long a signature may wait for its thread at the current pace.
    ///   - reportWait: is called with the time that each job has waited.
    package convenience init(
        threadCount: Int, wait: Duration, reportWait: @escaping @Sendable (Duration) -> Void = { _ in }
    ) {
        let threadCount = max(threadCount, 1)
        let queue = SigningQueue(.wait(wait, threadCount: threadCount))
        self.init(queue)
        for number in 1...threadCount {
            let thread = Thread {
                let signer = Signer()
                var duration: Duration?
                while let job = queue.next(after: duration) {
                    let start = ContinuousClock.now
                    reportWait(job.queuedAt.duration(to: start))
                    signer.perform(job)
                    duration = start.duration(to: .now)
                }
            }
            thread.name = "signer-\(number)"
            thread.start()
        }
    }

    /// A pool without threads: the caller takes the jobs from the queue.
    init(_ queue: SigningQueue) {
        self.queue = queue
    }

    /// How many signatures wait for a thread.
    package var waitingCount: Int { queue.waitingCount }

    /// How many signatures may wait at the current pace.
    package var capacity: Int { queue.capacity }

    deinit { queue.close() }

    /// The signature of `key` over `input`.
    ///
    /// - Parameter client: the client whose turn it takes.
    /// - Throws: ``SigningError/queueFull`` if it cannot be made in time: at once, or when a client with fewer jobs in
    ///   the queue needs the room.
    package func sign(
        _ input: JWSSigningInput, with key: SigningKey, for client: ClientID
    ) async throws(SigningError) -> [UInt8] {
        let result: Result<[UInt8], SigningError> = await withCheckedContinuation { continuation in
            queue.add(SigningJob(client: client, message: input.octets, key: key, continuation: continuation))
        }
        return try result.get()
    }
}
