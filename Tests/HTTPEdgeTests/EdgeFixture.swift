import Logging
import NIOCore
import NIOHTTP1
import Synchronization

@testable import HTTPEdge

/// A responder with what connections need beside it. The path of a request says how it is answered.
final class EdgeFixture: Sendable {
    let budget: MemoryBudget
    /// The content of the responses to requests for `/stream`.
    let pieces = PieceSource()
    private let promises = Mutex<[EventLoopPromise<Response>]>([])
    private let events = Mutex<[EdgeEvent]>([])
    private static let descriptors = DescriptorReserve(logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })

    /// - Parameter memory: of all connections, in octets.
    init(memory: Int = 1 << 20) {
        budget = MemoryBudget(capacity: memory)
    }

    var configuration: ListenerConfiguration {
        ListenerConfiguration(
            host: "127.0.0.1", port: 0, limits: ConnectionLimits(), budget: budget, descriptors: Self.descriptors,
            now: { 1_000_000_000 }, report: { [self] event in events.withLock { $0.append(event) } },
            respond: { [self] request, loop in reply(to: request, loop) })
    }

    func connect(_ version: EmbeddedConnection.Version = .http1) throws -> EmbeddedConnection {
        try EmbeddedConnection(version, configuration)
    }

    /// Whether the edge has reported such an event.
    func reported(_ isSuch: (EdgeEvent) -> Bool) -> Bool { events.withLock { $0.contains(where: isSuch) } }

    /// Answers the requests for `/later`.
    func answer(_ connection: EmbeddedConnection) {
        let promises = promises.withLock { promises in
            let result = promises
            promises = []
            return result
        }
        for promise in promises { promise.succeed(Response(.ok, content: ByteBuffer(string: "/later"))) }
        connection.run()
    }

    private func reply(to request: Request, _ loop: any EventLoop) -> Reply {
        guard case .whole(let content) = request.content, case .path(let path, _) = request.target else {
            return .now(Response(.payloadTooLarge))
        }
        var response = Response(.ok, content: ByteBuffer(string: path))
        switch path {
        case "/later":
            let promise = loop.makePromise(of: Response.self)
            promises.withLock { $0.append(promise) }
            return .later(promise.futureResult)
        case "/stream": return .stream(Response(.ok), pieces.source)
        case "/large-pause":
            response.content = ByteBuffer(repeating: UInt8(ascii: "a"), count: 3 * EmbeddedSocket.highMark)
            response.pause = .seconds(2)
        case "/large": response.content = ByteBuffer(repeating: UInt8(ascii: "a"), count: 3 * EmbeddedSocket.highMark)
        case "/pause": response.pause = .seconds(2)
        case "/authenticated": response.isAuthenticated = true
        case "/echo": response.content = content
        default: break
        }
        return .now(response)
    }
}
