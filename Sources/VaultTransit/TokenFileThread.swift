import NIOPosix

/// The thread on which a store reads files with tokens. If a file hangs, it keeps no other work of the process waiting.
final class TokenFileThread: Sendable {
    private let pool = NIOThreadPool(numberOfThreads: 1)

    /// Starts the thread.
    init() { pool.start() }

    /// Ends the thread after what is under way.
    deinit { pool.shutdownGracefully { _ in } }

    /// Runs `read`, which may block.
    ///
    /// - Throws: the error of `read`; `CancellationError` if the caller is cancelled before `read` has begun.
    func run<Value: Sendable>(_ read: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await pool.runIfActive(read)
    }
}
