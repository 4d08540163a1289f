import NIOCore
import NIOHPACK
import NIOHTTP1
import WireText

/// The life of one stream of HTTP/2, RFC 9113 section 5. It is a value, like ``HTTP1State``.
struct HTTP2Stream {
    enum Phase {
        case receiving(HTTPRequestHead, ByteBuffer)
        /// The responder has the request.
        case answering(isHead: Bool)
        /// The response is written, and waits until the client accepts it.
        case writing
    }

    enum Action {
        case nothing
        case sendContinue
        case respond(HTTPRequestHead, Request.Content)
        /// Send a response without the responder.
        case refuse(HTTPResponseStatus)
    }

    private(set) var phase: Phase
    /// When the phase ends at the latest; `nil` while the service is busy with the request.
    private(set) var deadline: NIODeadline?
    /// The octets of the fields, as RFC 9113 section 6.5.2 counts them.
    private let fieldsSize: Int
    /// Whether the client has ended its side.
    private(set) var isWhole = false

    var isAnswering: Bool { if case .answering = phase { true } else { false } }

    /// What the stream takes in octets.
    var size: Int {
        if case .receiving(_, let content) = phase { return fieldsSize + content.readableBytes }
        return fieldsSize
    }

    /// - Returns: also what to do after the first fields.
    static func begin(
        _ headers: HPACKHeaders, isEnd: Bool, limits: ConnectionLimits, now: NIODeadline
    ) -> (HTTP2Stream, Action) {
        let head = head(headers)
        var stream = HTTP2Stream(
            phase: .receiving(head, ByteBuffer()), deadline: now + limits.contentTime,
            fieldsSize: headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 })
        let action = stream.begin(head, isEnd: isEnd, limits: limits)
        return (stream, action)
    }

    private mutating func begin(_ head: HTTPRequestHead, isEnd: Bool, limits: ConnectionLimits) -> Action {
        guard RequestHeadRules.isToken(head.method.rawValue),
            case .success(let length) = RequestHeadRules.contentLength(head.headers)
        else { return refuse(.badRequest) }
        if isEnd { return end() }
        if let length, length > limits.content { return respondTooLarge(head) }
        return RequestHeadRules.expectsContinue(head.headers) ? .sendContinue : .nothing
    }

    mutating func receive(_ octets: ByteBuffer, isEnd: Bool, limits: ConnectionLimits) -> Action {
        if case .receiving(let head, var content) = phase {
            guard content.readableBytes + octets.readableBytes <= limits.content else {
                isWhole = isEnd
                return respondTooLarge(head)
            }
            phase = .writing
            content.writeImmutableBuffer(octets)
            phase = .receiving(head, content)
        }
        return isEnd ? end() : .nothing
    }

    /// The client has ended its side of the stream, with its content or with trailer fields.
    mutating func end() -> Action {
        isWhole = true
        guard case .receiving(let head, let content) = phase else { return .nothing }
        phase = .answering(isHead: head.method == .HEAD)
        deadline = nil
        return .respond(head, .whole(content))
    }

    private mutating func respondTooLarge(_ head: HTTPRequestHead) -> Action {
        phase = .answering(isHead: head.method == .HEAD)
        deadline = nil
        return .respond(head, .tooLarge)
    }

    private mutating func refuse(_ status: HTTPResponseStatus) -> Action {
        phase = .answering(isHead: false)
        deadline = nil
        return .refuse(status)
    }

    /// A response is ready.
    ///
    /// - Returns: whether it is for HEAD; `nil` if the stream has a response already.
    mutating func answer(limits: ConnectionLimits, now: NIODeadline) -> Bool? {
        guard case .answering(let isHead) = phase else { return nil }
        phase = .writing
        deadline = now + limits.streamTime
        return isHead
    }

    /// Pseudo-header fields as the request line of HTTP/1. The connection has checked that they are there. (RFC 9113
    /// section 8.3.1: `:authority` stands for `Host`.)
    private static func head(_ headers: HPACKHeaders) -> HTTPRequestHead {
        var method = "", path = ""
        var fields: [(String, String)] = []
        fields.reserveCapacity(headers.count)
        for (name, value, _) in headers {
            guard name.utf8.first == UInt8(ascii: ":") else {
                fields.append((name, value))
                continue
            }
            let name = Octets(name)
            if name.isSame(as: ":method") { method = value }
            if name.isSame(as: ":path") { path = value }
        }
        return HTTPRequestHead(
            version: .http2, method: HTTPMethod(rawValue: method), uri: path, headers: HTTPHeaders(fields))
    }
}
