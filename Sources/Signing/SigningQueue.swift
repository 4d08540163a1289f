import AccessToken
import Foundation
package import Libcrypto
import OAuth

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
    private var pace = SigningPace()
    private var isClosed = false

    /// - Parameter onAdd: called after a job was added, with the number of jobs that wait.
    init(_ limit: Limit, onAdd: @escaping @Sendable (_ waitingCount: Int) -> Void = { _ in }) {
        self.limit = limit
        self.onAdd = onAdd
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
        case .wait(let wait, let threadCount): pace.room(wait: wait, threadCount: threadCount)
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
        condition.withLock {
            while true {
                if let job = jobs.popFirst() { return job }
                if isClosed { return nil }
                condition.wait()
            }
        }
    }

    /// The next job, without a wait. Jobs that have waited too long are refused.
    func nextIfAny() -> SigningJob? {
        while let job = condition.withLock({ jobs.popFirst() }) {
            if let longest, longest < job.queuedAt.duration(to: .now) {
                job.continuation.resume(returning: .failure(.queueFull))
            } else {
                return job
            }
        }
        return nil
    }

    /// How long a job may wait; `nil` for any time.
    private var longest: Duration? { if case .wait(let wait, _) = limit { wait } else { nil } }

    /// Records how long a job took.
    func record(_ duration: Duration) { condition.withLock { pace.add(duration) } }

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
    let key: SigningKey
    let queuedAt = ContinuousClock.now
    let continuation: CheckedContinuation<Result<[UInt8], SigningError>, Never>
}

/// Why a token was not signed.
package enum SigningError: Error, Sendable, Equatable {
    /// More signatures wait than can be made in time, and clients with fewer of them go first.
    case queueFull
    /// libcrypto could not sign; for the log.
    case failed(KeyError)
}
