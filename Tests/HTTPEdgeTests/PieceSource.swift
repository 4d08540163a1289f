import NIOCore
import Synchronization

@testable import HTTPEdge

/// A source of content whose pieces a test sends.
final class PieceSource: Sendable {
    private struct State {
        var promises: [EventLoopPromise<ByteBuffer?>] = []
        var endCount = 0
    }

    private let state = Mutex(State())

    var source: ContentSource {
        ContentSource(
            next: { [self] loop in
                let promise = loop.makePromise(of: ByteBuffer?.self)
                state.withLock { $0.promises.append(promise) }
                return promise.futureResult
            },
            end: { [self] in
                state.withLock { $0.endCount += 1 }
                send(nil)
            })
    }

    /// How many pieces the connection has asked for and not got.
    var awaitedCount: Int { state.withLock { $0.promises.count } }

    /// How often the connection has said that it needs no more.
    var endCount: Int { state.withLock { $0.endCount } }

    /// - Parameter piece: `nil` for the end.
    func send(_ piece: String?) {
        let promises = state.withLock { state in
            defer { state.promises = [] }
            return state.promises
        }
        for promise in promises { promise.succeed(piece.map { ByteBuffer(string: $0) }) }
    }
}
