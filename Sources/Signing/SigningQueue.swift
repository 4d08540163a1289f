import AccessToken
import Foundation

/// Jobs that wait for a thread, never more of them than can be done in time, and fairly among clients.
final class SigningQueue: @unchecked Sendable {
    /// What bounds it.
    enum Limit {
        case jobs(Int)
        /// As many as this many threads do within this time, at their pace of late.
        case wait(Duration, threadCount: Int)
    }

    // Sendable: the mutable state is touched only with `condition` locked.
    private let condition = NSCondition()
    private let limit: Limit
    private var line = FairQueue<ClientID, SigningJob>()
    private var pace = SigningPace()
    private var isClosed = false

    init(_ limit: Limit) {
        self.limit = limit
    }

    /// Takes a job; one that there is no room for, this or another one, is refused.
    func add(_ job: SigningJob) {
        let refused: SigningJob? = condition.withLock {
            guard !isClosed else { return job }
            switch line.add(job, of: job.client, room: room) {
            case .admitted:
                condition.signal()
                return nil
            case .admittedInsteadOf(let other): return other
            case .refused: return job
            }
        }
        refused?.continuation.resume(returning: .failure(.queueFull))
    }

    private var room: Int {
        switch limit {
        case .jobs(let count): count
        case .wait(let wait, let threadCount): pace.room(wait: wait, threadCount: threadCount)
        }
    }

    /// How many jobs wait.
    var waitingCount: Int { condition.withLock { line.count } }

    /// How many may.
    var capacity: Int { condition.withLock { room } }

    /// Waits for a job.
    ///
    /// - Parameter duration: what the one before it took.
    /// - Returns: nil once the queue is closed and empty.
    func next(after duration: Duration? = nil) -> SigningJob? {
        condition.withLock {
            if let duration { pace.add(duration) }
            while true {
                if let job = line.popFirst() { return job }
                if isClosed { return nil }
                condition.wait()
            }
        }
    }

    /// Refuses further jobs and lets the threads end when the last one is done.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }
}
