import NIOCore
import OAuth

extension IPAddress {
    /// The IP address of a socket address, or `nil` if it has none.
    init?(_ address: SocketAddress?) {
        // Converted as text, because the module of the system's structures differs between builds. A zone follows a
        // `%`.
        guard let text = address?.ipAddress else { return nil }
        self.init(text.prefix { $0 != "%" })
    }
}
