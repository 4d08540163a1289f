import Foundation

/// Jobs in the order in which they came, never more than `capacity` of them.
final class SigningQueue: @unchecked Sendable {
    // Sendable: the mutable state is touched only with `condition` locked.
    private let condition = NSCondition()
    private var jobs: [SigningJob?]
    private var first = 0
    private var count = 0
    private var isClosed = false

    init(capacity: Int) {
        jobs = Array(repeating: nil, count: max(capacity, 1))
    }

    /// - Returns: false, with nothing done, where the queue is full or closed.
    func add(_ job: SigningJob) -> Bool {
        condition.withLock {
            guard count < jobs.count, !isClosed else { return false }
            jobs[(first + count) % jobs.count] = job
            count += 1
            condition.signal()
            return true
        }
    }

    /// How many jobs wait.
    var waitingCount: Int { condition.withLock { count } }

    /// Waits for a job.
    ///
    /// - Returns: nil once the queue is closed and empty.
    func next() -> SigningJob? {
        condition.withLock {
            while count == 0 {
                if isClosed { return nil }
                condition.wait()
            }
            defer {
                jobs[first] = nil
                first = (first + 1) % jobs.count
                count -= 1
            }
            return jobs[first]
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
