package import NIOHTTP1
package import WireText

/// What happens on a connection before a request reaches the responder. For the log and for counters.
package enum EdgeEvent: Sendable {
    /// A request that cannot be parsed or breaks a limit; the response has this status.
    case malformedRequest(HTTPResponseStatus, IPAddress?)
    /// A request that did not arrive in time.
    case requestTimeout(IPAddress?)
    /// A TLS handshake that failed or did not end in time.
    case handshakeFailed(IPAddress?, reason: String)
    /// A connection or a request was refused because the memory budget is used up, or the client's share of it.
    case noMemory(IPAddress?)
    /// A silent connection was closed to make room for another one.
    case evicted(IPAddress?)
}
