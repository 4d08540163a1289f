package import NIOCore

/// The content of a response that goes on: it comes piece by piece, and ends with the connection (RFC 9112 section 6.3).
package struct ContentSource: Sendable {
    /// Returns the next piece, and `nil` or an error at the end. It is called on the event loop of the connection, once
    /// the system has taken the piece before: of a client that reads slowly, one piece is in memory. A source should take
    /// its time, since the connections of the event loop wait while one of them has a piece at once, again and again.
    package let next: @Sendable (any EventLoop) -> EventLoopFuture<ByteBuffer?>
    /// Called once, on the event loop of the connection, when no further piece is needed.
    package let end: @Sendable () -> Void

    package init(
        next: @escaping @Sendable (any EventLoop) -> EventLoopFuture<ByteBuffer?>, end: @escaping @Sendable () -> Void
    ) {
        self.next = next
        self.end = end
    }
}
