import CPKCS11
import Foundation

/// Threads for jobs that may take any time. Each is started when a job would have to wait for the others.
final class JobThreads: @unchecked Sendable {
    // Sendable: the mutable state is touched only with `condition` locked.
    private let condition = NSCondition()
    private let limit: Int
    private var jobs: [(number: UInt64, run: @Sendable () -> Void)] = []
    private var threadCount = 0
    private var idleCount = 0
    private var nextNumber: UInt64 = 0
    private var isClosed = false
    private var ends: [@Sendable () -> Void] = []

    /// - Parameter limit: the most threads, at least 1.
    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// A number for a job.
    func makeNumber() -> UInt64 {
        condition.withLock {
            nextNumber += 1
            return nextNumber
        }
    }

    /// Adds a job, which waits if all threads are busy.
    ///
    /// - Returns: `false` if the threads are closed. The job never runs then.
    func add(_ number: UInt64, _ run: @escaping @Sendable () -> Void) -> Bool {
        condition.withLock {
            guard !isClosed else { return false }
            jobs.append((number, run))
            guard idleCount < jobs.count, threadCount < limit else {
                condition.signal()
                return true
            }
            threadCount += 1
            let thread = Thread { [self] in work() }
            thread.name = "pkcs11-\(threadCount)"
            thread.start()
            return true
        }
    }

    /// Removes a job that still waits.
    func remove(_ number: UInt64) {
        condition.withLock { jobs.removeAll { $0.number == number } }
    }

    /// Ends the threads after the jobs that are there, and takes no more jobs.
    ///
    /// - Parameter end: called on the last thread, or at once if there is none.
    func close(then end: @escaping @Sendable () -> Void) {
        let isLast = condition.withLock {
            isClosed = true
            condition.broadcast()
            if threadCount > 0 { ends.append(end) }
            return threadCount == 0
        }
        if isLast { end() }
    }

    private func work() {
        CPKCS11_blockBrokenPipes()
        while let job = next() { job() }
        let last = condition.withLock {
            threadCount -= 1
            guard threadCount == 0 else { return [@Sendable () -> Void]() }
            defer { ends = [] }
            return ends
        }
        for end in last { end() }
    }

    private func next() -> (@Sendable () -> Void)? {
        condition.withLock {
            while jobs.isEmpty {
                if isClosed { return nil }
                idleCount += 1
                condition.wait()
                idleCount -= 1
            }
            return jobs.removeFirst().run
        }
    }
}
