import JOSE
import Synchronization

@testable import OTLPTracing

/// A collector in this process, to which the tracer under test sends its spans.
final class Collector: Sendable {
    struct Refusal: Error, CustomStringConvertible {
        let description = "refused"
    }

    enum Behaviour { case accept, refuse, stall, answer(UInt, retryAfter: String?), refuseConnections }

    private let behaviour = Mutex(Behaviour.accept)
    private let arrivals = AsyncStream<[UInt8]>.makeStream()
    private let gate = AsyncStream<Void>.makeStream()
    private let arrivalCount = Mutex(0)

    /// The number of bodies that were received, accepted or not.
    var count: Int { arrivalCount.withLock { $0 } }

    func behave(_ behaviour: Behaviour) { self.behaviour.withLock { $0 = behaviour } }

    /// Accepts one stalled body.
    func release() { gate.continuation.yield() }

    func send(_ body: [UInt8]) async throws {
        try Task.checkCancellation()
        arrivalCount.withLock { $0 += 1 }
        arrivals.continuation.yield(body)
        switch behaviour.withLock({ $0 }) {
        case .accept: return
        case .refuse: throw Refusal()
        case .answer(let status, let retryAfter): throw ExportRefusal(status: status, retryAfter: retryAfter)
        case .refuseConnections: throw ExportRefusal(noAnswer: "the connection was refused", isRetryable: true)
        case .stall:
            let gate = gate.stream
            // Like a library that ignores cancellation.
            await Task { for await _ in gate { return } }.value
        }
    }

    /// Waits for the next body, accepted or not.
    func next() async -> [UInt8] {
        for await body in arrivals.stream { return body }
        return []
    }

    /// The spans in a body.
    static func spans(_ body: [UInt8]) throws -> [JSONObject] {
        let resources = try JSONReader.read(body).object?["resourceSpans"]?.array
        let scopes = resources?.first?.object?["scopeSpans"]?.array
        return scopes?.first?.object?["spans"]?.array?.compactMap(\.object) ?? []
    }

    static func names(_ body: [UInt8]) throws -> [String] {
        try spans(body).compactMap { $0["name"]?.string }
    }
}
