package import NIOCore
package import NIOHTTP1

/// A response, RFC 9110 section 3.4. The edge adds `Date`, `Content-Length` and `Connection`, and sends no content in a
/// response to HEAD.
package struct Response: Sendable {
    package var status: HTTPResponseStatus
    package var fields: HTTPHeaders
    package var content: ByteBuffer
    /// Whether the connection ends after this response. In a stream of HTTP/2 it has no meaning.
    package var closesConnection = false
    /// Whether the client has proved who it is: from then on, its connection may have as many streams as
    /// ``ConnectionLimits/streams``.
    package var isAuthenticated = false
    /// How long no further request of the connection is read; `nil` for a connection that goes on at once.
    package var pause: TimeAmount?

    package init(
        _ status: HTTPResponseStatus, fields: HTTPHeaders = HTTPHeaders(), content: ByteBuffer = ByteBuffer()
    ) {
        self.status = status
        self.fields = fields
        self.content = content
    }
}

/// A response that is there already, or that follows on the same event loop.
package enum Reply: Sendable {
    case now(Response)
    case later(EventLoopFuture<Response>)
    /// A response without content whose content goes on. It ends with graceful shutdown at the latest. In HTTP/2 the client
    /// is asked to use HTTP/1.1.
    case stream(Response, ContentSource)
}

/// Answers a request on the event loop of its connection. It must not block.
package typealias Responder = @Sendable (Request, any EventLoop) -> Reply
