import Foundation
import Synchronization

/// Work that is divided among threads of its own. Neither Swift's nor Dispatch's threads do it: requests may wait for
/// those.
enum ParallelWork {
    /// How many threads run at once if nothing else is said.
    static var coreCount: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// Calls `body` with each number below `count`, and returns when all calls have.
    ///
    /// - Parameter threadCount: how many threads run at once, the calling one included.
    static func run(count: Int, threadCount: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let next = SharedCounter()
        let work: @Sendable () -> Void = {
            while true {
                let index = next.increment()
                guard index < count else { return }
                body(index)
            }
        }
        let others = (0..<max(0, min(threadCount, count) - 1)).map { _ in
            let end = DispatchSemaphore(value: 0)
            let thread = Thread {
                Thread.current.name = "reading"
                work()
                end.signal()
            }
            thread.start()
            return end
        }
        work()
        for end in others { end.wait() }
    }

    private final class SharedCounter: Sendable {
        private let value = Atomic(0)

        /// The value before.
        func increment() -> Int { value.add(1, ordering: .relaxed).oldValue }
    }
}
