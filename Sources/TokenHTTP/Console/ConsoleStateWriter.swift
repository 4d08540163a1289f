import NIOCore
import NIOPosix
import Synchronization

/// Writes the documents of `/console/state.json` on a thread of its own, one after the other: many clients take a while to
/// sort. Requests with the same query that wait share one document.
final class ConsoleStateWriter: Sendable {
    typealias Completion = @Sendable (ByteBuffer) -> Void

    private struct State {
        var isWriting = false
        var waiting: [(query: ConsoleQuery, completions: [Completion])] = []
    }

    /// The most documents that wait. Each page asks for one at a time.
    static let maximumWaiting = 16

    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let state = Mutex(State())
    private let write: @Sendable (ConsoleQuery) -> [UInt8]

    init(write: @escaping @Sendable (ConsoleQuery) -> [UInt8]) {
        self.write = write
        thread.start()
    }

    deinit { thread.shutdownGracefully { _ in } }

    /// - Parameter completion: called on the thread that writes, with a document of a moment after the call.
    /// - Returns: false if too many documents wait. Then `completion` is not called.
    func document(_ query: ConsoleQuery, _ completion: @escaping Completion) -> Bool {
        let (isAccepted, begins) = state.withLock { state in
            if let index = state.waiting.firstIndex(where: { $0.query == query }) {
                state.waiting[index].completions.append(completion)
                return (true, false)
            }
            guard state.waiting.count < Self.maximumWaiting else { return (false, false) }
            state.waiting.append((query, [completion]))
            defer { state.isWriting = true }
            return (true, !state.isWriting)
        }
        if begins { writeNext() }
        return isAccepted
    }

    private func writeNext() {
        thread.submit { [self] _ in
            let next = state.withLock { state in state.waiting.isEmpty ? nil : state.waiting.removeFirst() }
            if let next {
                let document = ByteBuffer(bytes: write(next.query))
                for completion in next.completions { completion(document) }
            }
            let continues = state.withLock { state in
                state.isWriting = !state.waiting.isEmpty
                return state.isWriting
            }
            if continues { writeNext() }
        }
    }
}
