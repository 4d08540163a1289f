import OAuth
import Synchronization

/// A signature of another place that a request waits for, until its time is over.
final class RemoteSigningJob: Sendable {
    private enum State {
        case waiting(CheckedContinuation<Result<[UInt8], RemoteKeyError>, Never>)
        /// The place was asked.
        case underWay(CheckedContinuation<Result<[UInt8], RemoteKeyError>, Never>, Task<Void, Never>)
        case ended
    }

    private let state: Mutex<State>
    private let sign: @Sendable () async throws(RemoteKeyError) -> [UInt8]
    private let deadline = Mutex<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - continuation: the request. It is resumed in any case.
    ///   - wait: how long the request waits from now on.
    ///   - sign: asks the place.
    init(
        _ continuation: CheckedContinuation<Result<[UInt8], RemoteKeyError>, Never>, within wait: Duration,
        sign: @escaping @Sendable () async throws(RemoteKeyError) -> [UInt8]
    ) {
        state = Mutex(.waiting(continuation))
        self.sign = sign
        let end = Task { [self] in
            guard (try? await Task.sleep(for: wait)) != nil else { return }
            self.end(.failure(isUnderWay ? .timedOut : .overloaded))
        }
        deadline.withLock { $0 = end }
    }

    var hasEnded: Bool { state.withLock { if case .ended = $0 { true } else { false } } }

    private var isUnderWay: Bool { state.withLock { if case .underWay = $0 { true } else { false } } }

    /// Asks the place, and returns when it has answered, however long that takes. Asks nothing if the request has its answer.
    func perform() async {
        let task = state.withLock { state -> Task<Void, Never>? in
            guard case .waiting(let continuation) = state else { return nil }
            let task = Task { [self] in
                do throws(RemoteKeyError) { end(.success(try await sign())) } catch { end(.failure(error)) }
            }
            state = .underWay(continuation, task)
            return task
        }
        await task?.value
    }

    /// Gives the request its answer, if it has none yet.
    func end(_ result: Result<[UInt8], RemoteKeyError>) {
        let former = state.withLock { state in
            defer { state = .ended }
            return state
        }
        switch former {
        case .waiting(let continuation): continuation.resume(returning: result)
        case .underWay(let continuation, let task):
            continuation.resume(returning: result)
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
