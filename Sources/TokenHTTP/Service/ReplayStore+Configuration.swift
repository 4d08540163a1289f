import NIOCore
import NIOPosix
import OAuth
import RemoteKeys
import ReplayStore
import ServiceFiles

extension ReplayStore {
    /// The store of `replay`; `nil` if each replica remembers for itself alone.
    convenience init?(_ configuration: ServiceConfiguration, report: @escaping @Sendable (StoreFailure?) -> Void) {
        guard let settings = configuration.replay else { return nil }
        self.init(
            StoreServer(configuration, settings), wait: TimeAmount(settings.wait),
            on: MultiThreadedEventLoopGroup.singleton, report: report)
    }
}

extension StoreServer {
    fileprivate init(_ configuration: ServiceConfiguration, _ settings: ReplaySettings) {
        let url = settings.url
        let authorities = configuration.storeAuthorities.map { CertificateAuthorities($0) }
        let file = configuration.storePassword
        var password: (@Sendable () throws -> String)?
        if let file { password = { try file.password() } }
        self.init(
            host: url.host, port: url.port, transport: url.isSecure ? .tls(trusting: authorities) : .plain,
            database: url.database, username: settings.username, password: password)
    }
}
