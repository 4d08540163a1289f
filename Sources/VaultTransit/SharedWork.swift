import OAuth
import Synchronization

/// Work that is under way once, however many callers wait for its outcome. It goes on if one of them is cancelled.
final class SharedWork<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, RemoteKeyError>

    private struct State {
        var outcome: Outcome?
        /// The callers that wait, each with a number. A caller that is cancelled gets `nil`.
        var waiting: [Int: CheckedContinuation<Outcome?, Never>] = [:]
        var lastNumber = 0
    }

    private let state = Mutex(State())

    /// Waits for the outcome.
    ///
    /// - Throws: the error of the work; ``RemoteKeyError/cancelled`` at once if the caller is cancelled.
    func value() async throws(RemoteKeyError) -> Value {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { wait(with: $0, number) }
        } onCancel: {
            leave(number)
        }
        guard let outcome else { throw .cancelled }
        return try outcome.get()
    }

    /// Ends the work. It is called once.
    func complete(_ outcome: Outcome) {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            state.outcome = outcome
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume(returning: outcome) }
    }

    private func wait(with continuation: CheckedContinuation<Outcome?, Never>, _ number: Int) {
        // The outer `nil`: it waits.
        let answer: Outcome?? = state.withLock { state in
            if let outcome = state.outcome { return .some(outcome) }
            if Task.isCancelled { return .some(nil) }
            state.waiting[number] = continuation
            return nil
        }
        if let answer { continuation.resume(returning: answer) }
    }

    private func leave(_ number: Int) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: nil)
    }
}

extension RemoteKeyError {
    /// The caller was cancelled.
    static let cancelled = RemoteKeyError(.unavailable, "the caller no longer waits for the answer")
}
