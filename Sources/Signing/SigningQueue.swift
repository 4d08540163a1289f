import AccessToken
import Foundation
package import Libcrypto
package import OAuth

/// Jobs that wait for a worker or a thread: never more than can be done in time, and served fairly among clients.
final class SigningQueue: @unchecked Sendable {
    /// The bound of the queue.
    enum Limit {
        case jobs(Int)
        /// As many as this number of threads can do within this time at their current pace.
        case wait(Duration, threadCount: Int)
    }

    // Sendable: the mutable state is touched only with `condition` locked.
    private let condition = NSCondition()
    private let limit: Limit
    private let onAdd: @Sendable (_ waitingCount: Int) -> Void
    private var jobs = FairQueue<ClientID, SigningJob>()
    private var pace: SigningPace
    private var isClosed = false

    /// - Parameters:
    ///   - signature: how long a signature takes, before the pace is known: that of an RSA key of 2048 bits on a slow
    ///     processor.
    ///   - onAdd: called after a job was added, with the number of jobs that wait.
    init(
        _ limit: Limit, signature: Duration = .milliseconds(1),
        onAdd: @escaping @Sendable (_ waitingCount: Int) -> Void = { _ in }
    ) {
        self.limit = limit
        self.onAdd = onAdd
        let threadCount = if case .wait(_, let count) = limit { count } else { 1 }
        pace = SigningPace(threadCount: threadCount, signature: signature)
    }

    /// Adds a job. If there is no room, this job or another one is refused.
    func add(_ job: SigningJob) {
        let (refused, count): (SigningJob?, Int) = condition.withLock {
            guard !isClosed else { return (job, 0) }
            switch jobs.add(job, of: job.client, room: room) {
            case .admitted:
                condition.signal()
                return (nil, jobs.count)
            case .admittedInsteadOf(let other): return (other, jobs.count)
            case .refused: return (job, 0)
            }
        }
        refused?.continuation.resume(returning: .failure(.queueFull))
        if count > 0 { onAdd(count) }
    }

    private var room: Int {
        switch limit {
        case .jobs(let count): count
        case .wait(let wait, _): pace.room(wait: wait)
        }
    }

    /// How many jobs wait.
    var waitingCount: Int { condition.withLock { jobs.count } }

    /// How many jobs may wait.
    var capacity: Int { condition.withLock { room } }

    /// Waits for a job.
    ///
    /// - Returns: `nil` once the queue is closed and empty.
    func next() -> SigningJob? {
        while true {
            if let job = nextIfAny() { return job }
            let isEnd = condition.withLock {
                if jobs.count == 0, !isClosed { condition.wait() }
                return jobs.count == 0 && isClosed
            }
            if isEnd { return nil }
        }
    }

    /// The next job, without a wait. Jobs that have waited too long are refused.
    func nextIfAny() -> SigningJob? {
        let now = ContinuousClock.now
        let (job, late) = condition.withLock { takeJob(at: now) }
        for job in late { job.continuation.resume(returning: .failure(.queueFull)) }
        return job
    }

    /// The next job that is still in time, and those before it that are not. To be called with `condition` locked.
    private func takeJob(at now: ContinuousClock.Instant) -> (job: SigningJob?, late: [SigningJob]) {
        var late: [SigningJob] = []
        while let job = jobs.popFirst() {
            if let longest, longest < job.queuedAt.duration(to: now) {
                late.append(job)
            } else {
                pace.tookJob(at: now, areMoreWaiting: jobs.count > 0)
                return (job, late)
            }
        }
        pace.pause()
        return (nil, late)
    }

    /// How long a job may wait; `nil` for any time.
    private var longest: Duration? { if case .wait(let wait, _) = limit { wait } else { nil } }

    /// Refuses further jobs and lets the threads end when the last one is done.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }
}

/// A signature that a request waits for.
struct SigningJob: Sendable {
    /// The client whose turn it takes.
    let client: ClientID
    let message: [UInt8]
    let key: PrivateKey
    let scheme: SignatureScheme
    let queuedAt = ContinuousClock.now
    let continuation: CheckedContinuation<Result<[UInt8], SigningError>, Never>
}

/// Why a token was not signed.
package enum SigningError: Error, Sendable, Equatable {
    /// More signatures wait than can be made in time, and clients with fewer of them go first.
    case queueFull
    /// libcrypto could not sign; for the log.
    case failed(KeyError)
    /// The place of the key could not sign; for the log.
    case unavailable(RemoteKeyError)
}
