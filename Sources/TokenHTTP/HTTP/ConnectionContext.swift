import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import OAuth
import WireText

/// The context of a request: its connection and its identifier.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The remote address of the connection, or `nil` if it has none, as in tests.
    let address: IPAddress?
    /// Whether the request came in a stream of HTTP/2. An answer in a stream has no `Connection` field (RFC 9113
    /// section 8.2.2).
    let isStream: Bool
    /// Identifies the request in the log: 64 random bits in hexadecimal. (Hummingbird has its own identifier only in a
    /// logger, and Writ gives Hummingbird a silent one.)
    let requestID = String(UInt64.random(in: 0 ... .max), radix: 16)

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = IPAddress(source.channel.remoteAddress)
        // The parent of a connection is the listener; the parent of a stream is a connection.
        isStream = source.channel.parent?.parent != nil
    }
}

extension IPAddress {
    /// The IP address of a socket address, or `nil` if it has none.
    init?(_ address: SocketAddress?) {
        // Converted as text, because the module of the system's structures differs between builds. A zone follows a
        // `%`.
        guard let text = address?.ipAddress else { return nil }
        self.init(text.prefix { $0 != "%" })
    }
}
