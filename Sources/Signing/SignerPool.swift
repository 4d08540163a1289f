import Foundation
public import JOSE
public import OAuth

/// A fixed set of threads that make signatures, behind a bounded queue, so that the event loops never wait for one.
///
/// Each thread has its own copy of the key. When the queue is full the pool refuses at once.
public final class SignerPool: Sendable {
    private let queue: SigningQueue

    /// - Parameters:
    ///   - threadCount: as many as there are cores, usually.
    ///   - capacity: how many signatures may wait; more are refused.
    ///   - reportWait: told how long each has waited for its thread.
    public convenience init(
        threadCount: Int, capacity: Int, reportWait: @escaping @Sendable (Duration) -> Void = { _ in }
    ) {
        let queue = SigningQueue(capacity: capacity)
        self.init(queue)
        for number in 1...max(threadCount, 1) {
            let thread = Thread {
                let signer = Signer()
                while let job = queue.next() {
                    reportWait(job.queuedAt.duration(to: .now))
                    signer.perform(job)
                }
            }
            thread.name = "signer-\(number)"
            thread.start()
        }
    }

    /// A pool without threads: somebody else takes the jobs.
    init(_ queue: SigningQueue) {
        self.queue = queue
    }

    /// How many signatures wait for a thread.
    public var waitingCount: Int { queue.waitingCount }

    deinit { queue.close() }

    /// The signature of `key` over `input`.
    ///
    /// - Throws: ``SigningError/queueFull`` at once where too many wait already.
    public func sign(_ input: JWSSigningInput, with key: SigningKey) async throws(SigningError) -> [UInt8] {
        let result: Result<[UInt8], SigningError> = await withCheckedContinuation { continuation in
            let job = SigningJob(message: input.octets, key: key, continuation: continuation)
            if !queue.add(job) { continuation.resume(returning: .failure(.queueFull)) }
        }
        return try result.get()
    }
}
