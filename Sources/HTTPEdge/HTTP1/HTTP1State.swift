import NIOCore
import NIOHTTP1

/// The life of a connection of HTTP/1, from its first octet to its end: one request at a time.
///
/// It is a value. It receives what the parser found, instants and responses, and returns what to do.
struct HTTP1State {
    /// A request of which some content may be missing.
    struct Incoming {
        let head: HTTPRequestHead
        /// In octets.
        let headSize: Int
        var content = ByteBuffer()

        var size: Int { headSize + content.readableBytes }
    }

    /// How to answer the current request.
    struct Exchange: Equatable {
        let isHead: Bool
        /// RFC 9112 section 9.3: the connection ends after the response.
        var isLast: Bool
        /// Whether all of the request has arrived.
        var isWhole: Bool
        /// Whether the client waits for 100 (Continue), and so sends no content.
        var isWaiting: Bool
    }

    enum Phase {
        /// No octet of the next request has arrived.
        case idle
        case receivingHead
        case receivingContent(Incoming)
        /// The responder has the request.
        case answering(Exchange)
        /// The response is written; the rest of the content is dropped.
        case discarding
        /// The last response is written. What the client still sends is dropped until it closes its side, since a reset
        /// could keep the client from reading the response (RFC 9112 section 9.6).
        case lingering
        case closed
    }

    enum Action {
        case nothing
        /// Send 100 (Continue).
        case sendContinue
        case respond(HTTPRequestHead, Request.Content)
        /// Send a response without the responder, which is the last one.
        case refuse(HTTPResponseStatus)
        /// Close the connection for output, and read until the client closes it.
        case linger
        case close
    }

    /// What becomes of the octets that were read.
    enum Reading: Equatable {
        case parse
        case drop
        case refuse
    }

    private(set) var phase = Phase.idle
    /// When the phase ends at the latest; `nil` while the service is busy with a request.
    private(set) var deadline: NIODeadline?
    /// Until when nothing is read: the client was asked to come back later.
    private(set) var pausedUntil: NIODeadline?
    private let limits: ConnectionLimits
    /// The octets of the current head, or of the content with its framing, that have arrived.
    private var received = 0
    /// The octets of the request that is being answered.
    private var answeredSize = 0
    private var isDraining = false
    /// Whether the connection ends when the client has read the last response.
    private(set) var closesWhenSent = false
    private var isInputClosed = false

    init(_ limits: ConnectionLimits, now: NIODeadline) {
        self.limits = limits
        deadline = now + limits.headTime
    }

    /// Whether more octets may be read.
    var wantsInput: Bool {
        switch phase {
        case .answering, .closed: false
        case .idle: pausedUntil == nil
        case .receivingHead, .receivingContent, .discarding, .lingering: true
        }
    }

    var isAnswering: Bool { if case .answering = phase { true } else { false } }

    var isClosed: Bool { if case .closed = phase { true } else { false } }

    /// The octets of the request in progress, for the memory budget.
    var size: Int {
        switch phase {
        case .receivingContent(let incoming): incoming.size + received - incoming.content.readableBytes
        case .answering: answeredSize
        case .idle, .receivingHead, .discarding, .lingering, .closed: received
        }
    }

    // MARK: What the client sends

    mutating func read(_ count: Int, now: NIODeadline) -> Reading {
        switch phase {
        case .lingering, .closed: return .drop
        case .idle:
            phase = .receivingHead
            deadline = now + limits.headTime
            received = count
        case .receivingHead: received += count
        case .receivingContent(let incoming):
            received += count
            let framing = received - incoming.content.readableBytes
            if framing > ConnectionLimits.framing + count { return .refuse }
        case .answering, .discarding: break
        }
        // The parser limits the fields, but not the blank lines in front of a request.
        if case .receivingHead = phase, received > 2 * limits.head + ConnectionLimits.framing { return .refuse }
        return .parse
    }

    mutating func receive(_ part: HTTPServerRequestPart, now: NIODeadline) -> Action {
        switch part {
        case .head(let head): return receive(head, now: now)
        case .body(let octets): return receive(octets)
        case .end: return receiveEnd(now: now)
        }
    }

    private mutating func receive(_ head: HTTPRequestHead, now: NIODeadline) -> Action {
        switch phase {
        case .idle, .receivingHead: break
        case .receivingContent, .answering, .discarding, .lingering, .closed: return .nothing
        }
        guard RequestHeadRules.isWellFramed(head),
            case .success(let length) = RequestHeadRules.contentLength(head.headers)
        else { return refuse(.badRequest) }
        let headSize = received
        received = 0
        deadline = now + limits.contentTime
        if let length, length > limits.content { return respondTooLarge(head) }
        phase = .receivingContent(Incoming(head: head, headSize: headSize))
        return RequestHeadRules.expectsContinue(head) ? .sendContinue : .nothing
    }

    private mutating func receive(_ octets: ByteBuffer) -> Action {
        guard case .receivingContent(var incoming) = phase else { return .nothing }
        guard incoming.content.readableBytes + octets.readableBytes <= limits.content else {
            return respondTooLarge(incoming.head)
        }
        // Most requests have one part, which is then not copied.
        phase = .closed
        if incoming.content.readableBytes == 0 {
            incoming.content = octets
        } else {
            incoming.content.writeImmutableBuffer(octets)
        }
        phase = .receivingContent(incoming)
        return .nothing
    }

    private mutating func receiveEnd(now: NIODeadline) -> Action {
        switch phase {
        case .receivingContent(let incoming):
            received = 0
            deadline = nil
            answeredSize = incoming.size
            phase = .answering(exchange(incoming.head, isWhole: true))
            return .respond(incoming.head, .whole(incoming.content))
        case .discarding: return linger(now: now)
        case .idle, .receivingHead, .answering, .lingering, .closed: return .nothing
        }
    }

    private mutating func respondTooLarge(_ head: HTTPRequestHead) -> Action {
        phase = .answering(exchange(head, isWhole: false))
        return .respond(head, .tooLarge)
    }

    private func exchange(_ head: HTTPRequestHead, isWhole: Bool) -> Exchange {
        Exchange(
            isHead: head.method == .HEAD, isLast: !isWhole || RequestHeadRules.isLast(head), isWhole: isWhole,
            isWaiting: !isWhole && RequestHeadRules.expectsContinue(head))
    }

    /// The request cannot be parsed further.
    mutating func fail(_ status: HTTPResponseStatus, now: NIODeadline) -> Action {
        switch phase {
        case .idle, .receivingHead, .receivingContent: return refuse(status)
        // The request has been answered (RFC 9110 section 15: one final response for each request).
        case .discarding: return linger(now: now)
        case .answering, .lingering, .closed: return .nothing
        }
    }

    /// The client has closed its side: it sends nothing more, and may still read.
    mutating func endInput() -> Action {
        isInputClosed = true
        switch phase {
        case .idle, .receivingHead, .discarding, .lingering: return close()
        case .receivingContent: return refuse(.badRequest)
        case .answering(var exchange):
            exchange.isLast = true
            phase = .answering(exchange)
            return .nothing
        case .closed: return .nothing
        }
    }

    // MARK: What the service does

    /// A response is ready.
    ///
    /// - Returns: how to write it; `nil` if the connection has ended.
    mutating func answer(_ response: Response) -> Exchange? {
        guard case .answering(var exchange) = phase else { return nil }
        if response.closesConnection || isDraining { exchange.isLast = true }
        phase = .answering(exchange)
        return exchange
    }

    /// The response to the current request is written.
    mutating func finish(_ exchange: Exchange, pause: TimeAmount?, now: NIODeadline) -> Action {
        guard case .answering = phase else { return .nothing }
        guard exchange.isLast || isInputClosed else {
            phase = .idle
            deadline = now + limits.idleTime
            if let pause { pausedUntil = max(pausedUntil ?? now, now + pause) }
            answeredSize = 0
            return .nothing
        }
        guard !exchange.isWhole, !exchange.isWaiting, !isInputClosed else { return linger(now: now) }
        phase = .discarding
        deadline = now + limits.contentTime
        return .nothing
    }

    private mutating func refuse(_ status: HTTPResponseStatus) -> Action {
        phase = .answering(Exchange(isHead: false, isLast: true, isWhole: true, isWaiting: false))
        deadline = nil
        return .refuse(status)
    }

    private mutating func linger(now: NIODeadline) -> Action {
        guard !isInputClosed else { return close() }
        phase = .lingering
        deadline = now + limits.lingerTime
        return .linger
    }

    mutating func close() -> Action {
        if case .closed = phase { return .nothing }
        phase = .closed
        deadline = nil
        return .close
    }

    /// Graceful shutdown has begun.
    ///
    /// - Parameter isSending: whether the client has not read all of the last response yet.
    mutating func drain(isSending: Bool, now: NIODeadline) -> Action {
        isDraining = true
        switch phase {
        case .idle where isSending: closesWhenSent = true
        case .idle: return close()
        case .receivingHead, .receivingContent:
            deadline = min(deadline ?? now + limits.drainTime, now + limits.drainTime)
        case .answering, .discarding, .lingering, .closed: break
        }
        return .nothing
    }

    /// The time has come that ``deadline`` or ``pausedUntil`` named.
    mutating func expire(now: NIODeadline) -> Action {
        if let paused = pausedUntil, paused <= now { pausedUntil = nil }
        guard let deadline, deadline <= now else { return .nothing }
        switch phase {
        case .receivingHead, .receivingContent: return refuse(.requestTimeout)
        case .discarding: return linger(now: now)
        case .idle, .lingering, .answering: return close()
        case .closed: return .nothing
        }
    }
}
