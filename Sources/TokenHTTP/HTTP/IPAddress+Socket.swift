import NIOCore
import OAuth

extension IPAddress {
    /// - Returns: `nil` for a socket that has no network address.
    init?(_ address: SocketAddress?) {
        // As text: whose module the system's structures belong to is not the same in every build. A zone stands behind a `%`.
        guard let text = address?.ipAddress else { return nil }
        self.init(text.prefix { $0 != "%" })
    }
}
