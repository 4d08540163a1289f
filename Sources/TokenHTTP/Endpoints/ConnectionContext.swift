import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// What is known of a request besides itself: the address of the connection.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// nil where the connection has none, as in tests.
    let address: IPAddress?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = IPAddress(source.channel.remoteAddress)
    }
}
