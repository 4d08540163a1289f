import OAuth
import Synchronization

/// A signature of another place that a request waits for, until it expires.
final class RemoteSigningJob: Sendable {
    typealias Answer = CheckedContinuation<Result<[UInt8], RemoteKeyError>, Never>

    private enum State {
        /// No request waits yet.
        case new
        case waiting(Answer)
        /// The place was asked.
        case underWay(Answer, Task<Void, Never>)
        case ended(Result<[UInt8], RemoteKeyError>)
    }

    private let state = Mutex(State.new)
    private let sign: @Sendable () async throws(RemoteKeyError) -> [UInt8]
    private let deadline = Mutex<Task<Void, Never>?>(nil)

    /// - Parameter sign: asks the place.
    init(sign: @escaping @Sendable () async throws(RemoteKeyError) -> [UInt8]) { self.sign = sign }

    /// Lets a request wait.
    ///
    /// - Parameters:
    ///   - answer: is resumed in any case.
    ///   - wait: how long the request waits from now on.
    func begin(_ answer: Answer, within wait: Duration) {
        let early = state.withLock { state -> Result<[UInt8], RemoteKeyError>? in
            if case .ended(let result) = state { return result }
            state = .waiting(answer)
            return nil
        }
        if let early { return answer.resume(returning: early) }
        let end = Task { [self] in
            guard (try? await Task.sleep(for: wait)) != nil else { return }
            self.end(.failure(isUnderWay ? .timedOut : .overloaded))
        }
        deadline.withLock { $0 = end }
        if hasEnded { end.cancel() }
    }

    var hasEnded: Bool { state.withLock { if case .ended = $0 { true } else { false } } }

    private var isUnderWay: Bool { state.withLock { if case .underWay = $0 { true } else { false } } }

    /// Asks the place, and returns when it has answered, however long that takes. Asks nothing if the request has its answer.
    func perform() async {
        let task = state.withLock { state -> Task<Void, Never>? in
            guard case .waiting(let answer) = state else { return nil }
            let task = Task { [self] in
                do throws(RemoteKeyError) { end(.success(try await sign())) } catch { end(.failure(error)) }
            }
            state = .underWay(answer, task)
            return task
        }
        await task?.value
    }

    /// Gives the request its answer, if it has none yet.
    func end(_ result: Result<[UInt8], RemoteKeyError>) {
        let former = state.withLock { state in
            let former = state
            if case .ended = former { return former }
            state = .ended(result)
            return former
        }
        switch former {
        case .new: return
        case .waiting(let answer): answer.resume(returning: result)
        case .underWay(let answer, let task):
            answer.resume(returning: result)
            // Of use only to a request that is still under way.
            task.cancel()
        case .ended: return
        }
        deadline.withLock { $0?.cancel() }
    }
}

extension RemoteKeyError {
    /// There was no turn for the signature in time.
    static let overloaded = RemoteKeyError(.overloaded, "more signatures wait than can be made in time")
    /// There was no answer in time.
    static let timedOut = RemoteKeyError(.timedOut, "there was no answer in time")
}
