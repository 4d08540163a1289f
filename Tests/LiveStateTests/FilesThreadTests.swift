import Foundation
import Synchronization
import Testing

@testable import LiveState

@Suite struct FilesThreadTests {
    private let jobs = FileJobs()

    private func purposes(_ added: [FilesThread.Purpose]) -> [Bool] { added.map { jobs.add($0) {} } }

    @Test("A look is skipped while another job waits or is under way")
    func aLookIsSkipped() {
        #expect(purposes([.look, .look]) == [true, false])
        let job = jobs.next()
        #expect(job != nil)
        #expect(purposes([.look]) == [false])
        jobs.finish()
        #expect(purposes([.look]) == [true])
    }

    @Test("A reload waits for the job that is under way, and one that waits already is not added twice")
    func aReloadWaits() {
        #expect(purposes([.look]) == [true])
        _ = jobs.next()
        #expect(purposes([.reload, .reload, .rotation]) == [true, false, true])
        jobs.finish()
        _ = jobs.next()
        // It began before the signal, and may have read the files before they changed.
        #expect(purposes([.reload]) == [true])
    }

    @Test("After the end no job is added, and none that waits is run")
    func theEnd() {
        #expect(purposes([.reload]) == [true])
        jobs.close()
        #expect(jobs.next() == nil)
        #expect(purposes([.reload]) == [false])
    }

    @Test("Jobs run one at a time on a thread of their own")
    func jobsRunOnOneThread() async {
        let thread = FilesThread()
        let threads = await withCheckedContinuation { continuation in
            // The name of the thread is for operators: Foundation does not always give it.
            let threads = Mutex<[ObjectIdentifier]>([])
            for purpose in [FilesThread.Purpose.reload, .rotation] {
                thread.run(purpose) {
                    let all = threads.withLock { threads in
                        threads.append(ObjectIdentifier(Thread.current))
                        return threads
                    }
                    if all.count == 2 { continuation.resume(returning: all) }
                }
            }
        }
        #expect(Set(threads).count == 1)
    }
}
