import NIOCore
import NIOHTTP1
import NIOPosix

@testable import HTTPEdge
@testable import TokenHTTP

/// A response as the octets that the edge writes, taken apart.
struct ReceivedResponse {
    let status: Int
    let fields: HTTPHeaders
    let body: String

    /// - Parameter isHead: whether it answers HEAD.
    init(_ response: Response, isHead: Bool) {
        let exchange = HTTP1State.Exchange(isHead: isHead, isLast: false, isWhole: true, isWaiting: false)
        let text = ResponseEncoder.encode(response, exchange, date: "(a date)").map { String(buffer: $0) }.joined()
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        var fields = HTTPHeaders()
        for line in parts[0].split(separator: "\r\n").dropFirst() {
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            fields.add(name: String(line[..<colon]), value: String(line[colon...].dropFirst(2)))
        }
        status = Int(response.status.code)
        self.fields = fields
        body = parts.count > 1 ? String(parts[1]) : ""
    }
}

extension Request {
    init(_ method: HTTPMethod, _ target: String, fields: HTTPHeaders = [:], body: String = "") {
        self.init(
            method, RequestTarget(target, hasAbsoluteForm: true), fields: fields,
            content: .whole(ByteBuffer(string: body)), peer: Peer(address: nil))
    }
}

/// Sends a request to a responder on an event loop, as the edge does.
func send(_ request: Request, to respond: @escaping Responder) async throws -> ReceivedResponse {
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    let response = try await loop.flatSubmit { () -> EventLoopFuture<Response> in
        switch respond(request, loop) {
        case .now(let response): loop.makeSucceededFuture(response)
        case .later(let future): future
        case .stream(let response, let source): loop.makeSucceededFuture(response).always { _ in source.end() }
        }
    }.get()
    return ReceivedResponse(response, isHead: request.method == .HEAD)
}
