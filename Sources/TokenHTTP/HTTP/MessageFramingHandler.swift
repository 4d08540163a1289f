import NIOCore
import NIOHTTP1

/// Refuses requests that two implementations could frame differently (request smuggling, RFC 9112 section 11.2).
///
/// The parser rejects most of them. This handler rejects the others with an error of the parser, so that the answer is
/// the same.
final class MessageFramingHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private var isBroken = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isBroken else { return }
        guard case .head(let head) = unwrapInboundIn(data), !Self.isWellFramed(head) else {
            return context.fireChannelRead(data)
        }
        isBroken = true
        context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isBroken = true
        context.fireErrorCaught(error)
    }

    private static func isWellFramed(_ head: HTTPRequestHead) -> Bool {
        hasOneHost(head) && hasKnownCoding(head)
    }

    /// RFC 9112 section 3.2: exactly one `Host` with a valid value. HTTP/1.0 may omit it.
    private static func hasOneHost(_ head: HTTPRequestHead) -> Bool {
        let hosts = head.headers["Host"]
        guard let host = hosts.first else { return head.version == .http1_0 }
        return hosts.count == 1 && HostField.isValid(withoutBlanksBehind(host))
    }

    /// Removes trailing whitespace. RFC 9110 section 5.5: it is not part of the value, but the parser leaves it there.
    private static func withoutBlanksBehind(_ value: String) -> Substring {
        var rest = value[...]
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return rest
    }

    /// RFC 9112 section 6.1: `chunked` is the only supported transfer coding, and HTTP/1.0 has none.
    private static func hasKnownCoding(_ head: HTTPRequestHead) -> Bool {
        let codings = head.headers["Transfer-Encoding"]
        guard let coding = codings.first else { return true }
        let isChunked = withoutBlanksBehind(coding).lowercased() == "chunked"
        return codings.count == 1 && isChunked && head.version != .http1_0
    }
}
