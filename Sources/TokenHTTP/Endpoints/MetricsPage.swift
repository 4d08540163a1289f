import NIOCore
import NIOPosix
import PrometheusText
import Synchronization

/// Writes the document of `/metrics` on a thread of its own: with a hundred thousand clients that takes a while.
///
/// Requests that come while a document is written share the next one, so that at most one is written at a time.
final class MetricsPage: Sendable {
    private struct State {
        var isWriting = false
        var waiting: [@Sendable (ByteBuffer) -> Void] = []
    }

    private let registry: PrometheusRegistry
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let state = Mutex(State())

    init(_ registry: PrometheusRegistry) {
        self.registry = registry
        thread.start()
    }

    deinit { thread.shutdownGracefully { _ in } }

    /// A document with the values of a moment after the call.
    func document() async -> ByteBuffer {
        await withCheckedContinuation { continuation in
            document { continuation.resume(returning: $0) }
        }
    }

    /// - Parameter completion: called on the thread that writes the document, with a document whose values are of a
    ///   moment after the call.
    func document(_ completion: @escaping @Sendable (ByteBuffer) -> Void) {
        let begins = state.withLock { state in
            state.waiting.append(completion)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { write() }
    }

    private func write() {
        thread.submit { [self] _ in
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            let document = ByteBuffer(bytes: registry.document())
            for completion in waiting { completion(document) }
            let continues = state.withLock { state in
                state.isWriting = !state.waiting.isEmpty
                return state.isWriting
            }
            if continues { write() }
        }
    }
}
