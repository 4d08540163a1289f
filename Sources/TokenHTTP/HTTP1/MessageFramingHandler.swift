import NIOCore
import NIOHTTP1

/// Refuses requests that two parties could read in two ways, before anybody reads them in one (RFC 9112 section 11.2).
///
/// The parser refuses most of them; what it lets pass is refused here, in the parser's name, so that the answer is the same.
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

    /// RFC 9112 section 3.2: one, and one that is a host; HTTP/1.0 may do without.
    private static func hasOneHost(_ head: HTTPRequestHead) -> Bool {
        let hosts = head.headers["Host"]
        guard let host = hosts.first else { return head.version == .http1_0 }
        return hosts.count == 1 && HostField.isValid(host)
    }

    /// RFC 9112 section 6.1: `chunked` is the one coding that we undo, and HTTP/1.0 has none.
    private static func hasKnownCoding(_ head: HTTPRequestHead) -> Bool {
        let codings = head.headers["Transfer-Encoding"]
        guard let coding = codings.first else { return true }
        // The parser leaves blanks behind the value.
        let isChunked = coding.prefix { $0 != " " && $0 != "\t" }.lowercased() == "chunked"
        let hasOnlyBlanks = coding.drop { $0 != " " && $0 != "\t" }.allSatisfy { $0 == " " || $0 == "\t" }
        return codings.count == 1 && isChunked && hasOnlyBlanks && head.version != .http1_0
    }
}
