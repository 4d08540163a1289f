import NIOCore
import NIOHTTP2

/// The life of a connection of HTTP/2: its streams, and how it ends. It is a value, like ``HTTP1State``.
struct HTTP2State {
    enum Phase: Equatable {
        case open
        /// GOAWAY is sent: streams that have begun may end.
        case goingAway
        case closed
    }

    private(set) var phase = Phase.open
    private(set) var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    private(set) var lastStream = HTTP2StreamID(0)
    private(set) var streamLimit: Int
    /// Whether the client has acknowledged SETTINGS.
    var isLimitKnown = false
    private let limits: ConnectionLimits
    private var refusals = 0
    /// The most streams that are refused because there are too many: a client knows the limit from the first SETTINGS.
    private static let mostRefusals = 100
    /// When a connection without streams, or one that goes away, ends.
    private var end: NIODeadline
    /// When streams must have ended after GOAWAY.
    private var streamsEnd = NIODeadline.distantFuture

    init(_ limits: ConnectionLimits, now: NIODeadline) {
        self.limits = limits
        streamLimit = limits.firstStreams
        end = now + limits.headTime
    }

    /// When something ends at the latest.
    var deadline: NIODeadline? {
        let first = streams.values.lazy.compactMap(\.deadline).min()
        return streams.isEmpty || phase == .goingAway ? min(first ?? end, end) : first
    }

    /// What the streams take in octets.
    var size: Int { streams.values.reduce(0) { $0 + MemoryCost.stream + MemoryCost.perOctet * $1.size } }

    /// Whether a request waits for its response.
    var hasAnswering: Bool { streams.values.contains(where: \.isAnswering) }

    /// Whether a further stream may begin. Requests that are whole do not count as the first ones. Until a client has
    /// acknowledged SETTINGS, it does not know the limit, and may have twice as many.
    var hasRoom: Bool {
        let limit = isLimitKnown ? streamLimit : max(streamLimit, 2 * limits.firstStreams)
        return phase != .closed && streams.count < limits.streams
            && streams.values.count(where: { !$0.isWhole }) < limit
    }

    /// A stream is refused because there are too many.
    ///
    /// - Returns: whether this has happened so often that the connection is to be closed.
    mutating func refuse() -> Bool {
        refusals += 1
        return refusals > Self.mostRefusals
    }

    mutating func add(_ stream: HTTP2Stream, _ id: HTTP2StreamID) {
        // A request was on its way when GOAWAY was sent.
        if phase == .goingAway, streams.isEmpty { end = streamsEnd }
        streams[id] = stream
        lastStream = max(lastStream, id)
    }

    /// Changes a stream.
    ///
    /// - Returns: `nil` if there is no such stream.
    mutating func update<Result>(_ id: HTTP2StreamID, _ body: (inout HTTP2Stream) -> Result?) -> Result? {
        guard let index = streams.index(forKey: id) else { return nil }
        return body(&streams.values[index])
    }

    /// A stream has ended.
    mutating func remove(_ id: HTTP2StreamID, now: NIODeadline) {
        guard streams.removeValue(forKey: id) != nil, streams.isEmpty else { return }
        switch phase {
        case .open: end = now + limits.idleTime
        // The client has time to read the last response and to close the connection itself.
        case .goingAway: end = min(end, now + limits.lingerTime)
        case .closed: break
        }
    }

    /// The client has authenticated: it may have more streams.
    ///
    /// - Returns: whether this is new.
    mutating func raiseStreamLimit() -> Bool {
        guard streamLimit < limits.streams else { return false }
        streamLimit = limits.streams
        return true
    }

    /// GOAWAY is to be sent. Streams may still begin until the client has read it.
    ///
    /// - Parameters:
    ///   - time: how long a client without streams has to close the connection.
    ///   - streamTime: how long the streams may take.
    /// - Returns: false if GOAWAY was sent before.
    mutating func goAway(within time: TimeAmount, streams streamTime: TimeAmount, now: NIODeadline) -> Bool {
        guard phase == .open else { return false }
        phase = .goingAway
        streamsEnd = now + streamTime
        end = streams.isEmpty ? now + time : streamsEnd
        return true
    }

    mutating func close() { phase = .closed }

    /// What has taken too long.
    enum Expiry {
        case stream(HTTP2StreamID)
        case idle
        case connection
    }

    func expired(now: NIODeadline) -> Expiry? {
        guard phase != .closed else { return nil }
        if let (id, _) = streams.first(where: { $0.value.deadline.map { $0 <= now } ?? false }) { return .stream(id) }
        guard end <= now else { return nil }
        return switch phase {
        case .open: streams.isEmpty ? .idle : nil
        case .goingAway: .connection
        case .closed: nil
        }
    }
}
