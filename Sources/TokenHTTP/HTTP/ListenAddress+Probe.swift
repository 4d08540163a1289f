import NIOCore
import NIOPosix
import ServiceFiles

extension ListenAddress {
    /// Listens on the address for a moment, as the service would.
    ///
    /// - Returns: the error, or `nil` if the service could listen.
    func probe() async -> ListenerError? {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port).get()
            try await channel.close().get()
            return nil
        } catch {
            return ListenerError(self, error)
        }
    }
}
