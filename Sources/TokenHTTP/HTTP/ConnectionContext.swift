import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import OAuth

/// What is known of a request besides itself: the address of the connection.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// nil where the connection has none, as in tests.
    let address: IPAddress?
    /// Whether the request came in a stream of HTTP/2, where answers have no `Connection` field (RFC 9113 section 8.2.2).
    let isStream: Bool
    /// What the log calls the request by: 64 random bits. (Hummingbird keeps its own in a logger, and ours for it is silent.)
    let requestID = String(UInt64.random(in: 0 ... .max), radix: 16)

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = IPAddress(source.channel.remoteAddress)
        // A connection belongs to the listener; a stream belongs to a connection.
        isStream = source.channel.parent?.parent != nil
    }
}

extension IPAddress {
    /// - Returns: `nil` for a socket that has no network address.
    init?(_ address: SocketAddress?) {
        // As text: whose module the system's structures belong to is not the same in every build. A zone stands behind a `%`.
        guard let text = address?.ipAddress else { return nil }
        self.init(text.prefix { $0 != "%" })
    }
}
