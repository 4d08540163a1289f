import Foundation

/// The thread on which a running service reads and writes files, one job at a time. A folder that hangs, or a large file,
/// keeps no thread waiting that answers requests.
package final class FilesThread: Sendable {
    /// What a job is for.
    package enum Purpose: Sendable {
        /// To check the files for changes. It is skipped while another job is under way: the next check follows soon.
        case look
        case reload
        case rotation
        /// To take up a key that was made in another place.
        case remoteRotation
        case revocation
    }

    private let jobs: FileJobs

    /// Starts the thread.
    package convenience init() {
        let jobs = FileJobs()
        self.init(jobs)
        let thread = Thread {
            // Foundation does not give the name to the thread if it is set before the start.
            Thread.current.name = "files"
            while let job = jobs.next() {
                job()
                jobs.finish()
            }
        }
        thread.start()
    }

    /// Without a thread: the caller takes the jobs.
    init(_ jobs: FileJobs) { self.jobs = jobs }

    deinit { jobs.close() }

    /// Adds a job and returns at once.
    ///
    /// - Returns: whether the job will run. It will not if one with the same purpose waits already.
    @discardableResult
    package func run(_ purpose: Purpose, _ job: @escaping @Sendable () -> Void) -> Bool {
        jobs.add(purpose, job)
    }
}

/// The jobs that wait for the thread: one for each purpose at most.
final class FileJobs: @unchecked Sendable {
    typealias Job = @Sendable () -> Void

    // Sendable: the mutable state is touched only with `condition` locked.
    private let condition = NSCondition()
    private var waiting: [(purpose: FilesThread.Purpose, job: Job)] = []
    private var isRunning = false
    private var isClosed = false

    func add(_ purpose: FilesThread.Purpose, _ job: @escaping Job) -> Bool {
        condition.withLock {
            let isBusy = isRunning || !waiting.isEmpty
            guard !isClosed, !(purpose == .look && isBusy), !waiting.contains(where: { $0.purpose == purpose }) else {
                return false
            }
            waiting.append((purpose, job))
            condition.signal()
            return true
        }
    }

    /// Waits for a job, which is under way until ``finish()``.
    ///
    /// - Returns: `nil` once it is closed.
    func next() -> Job? {
        condition.withLock {
            while waiting.isEmpty, !isClosed { condition.wait() }
            guard !isClosed else { return nil }
            isRunning = true
            return waiting.removeFirst().job
        }
    }

    func finish() { condition.withLock { isRunning = false } }

    /// Drops the jobs that wait, and ends the thread after the job that is under way.
    func close() {
        condition.withLock {
            isClosed = true
            waiting = []
            condition.broadcast()
        }
    }
}
