import OAuth
import Synchronization

/// The result of a job for a task that may be cancelled before there is one.
final class PendingResult<Value: Sendable>: Sendable {
    private enum State {
        case new
        case awaited(CheckedContinuation<Result<Value, RemoteKeyError>, Never>)
        case ended
    }

    private let state = Mutex(State.new)

    /// Begins to wait.
    ///
    /// - Returns: `false` if the task was cancelled, or the result was there, before. The continuation has been resumed then.
    func wait(_ continuation: CheckedContinuation<Result<Value, RemoteKeyError>, Never>) -> Bool {
        let isNew = state.withLock { state in
            guard case .new = state else { return false }
            state = .awaited(continuation)
            return true
        }
        if !isNew { continuation.resume(returning: .failure(Self.cancellation)) }
        return isNew
    }

    /// Whether the task still waits.
    var isAwaited: Bool {
        state.withLock { state in
            if case .awaited = state { true } else { false }
        }
    }

    /// Gives the task its result.
    ///
    /// - Returns: `false` if the task does not wait any more.
    func end(_ result: Result<Value, RemoteKeyError>) -> Bool {
        let continuation = state.withLock { state in
            defer { state = .ended }
            if case .awaited(let continuation) = state { return Optional(continuation) }
            return nil
        }
        continuation?.resume(returning: result)
        return continuation != nil
    }

    /// Ends the wait of a task that was cancelled.
    func cancel() { _ = end(.failure(Self.cancellation)) }

    private static var cancellation: RemoteKeyError {
        RemoteKeyError(.timedOut, "the token gave no answer before the request was given up")
    }
}
