import NIOCore
import NIOPosix
import NIOSSL
package import RemoteKeys

/// A server of Valkey or Redis, and what it takes to get in.
package struct StoreServer: Sendable {
    /// How connections are protected.
    package enum Transport: Sendable {
        case plain
        /// TLS.
        ///
        /// - Parameter authorities: `nil` for the certificate authorities of the environment or of the system.
        case tls(trusting: CertificateAuthorities?)
    }

    /// A name or an address, without brackets.
    let host: String
    let port: Int
    let transport: Transport
    let database: Int
    /// `nil` for the user that the server has for a password alone.
    let username: String?
    /// Reads the password, which may block. It is called for each connection, so that a change counts for the next one.
    let password: (@Sendable () throws -> String)?

    package init(
        host: String, port: Int, transport: Transport, database: Int, username: String?,
        password: (@Sendable () throws -> String)?
    ) {
        self.host = host
        self.port = port
        self.transport = transport
        self.database = database
        self.username = username
        self.password = password
    }

    /// Connects. Files are read on a thread that may wait for them.
    func connect(
        on loop: any EventLoop, within limit: TimeAmount, _ callbacks: StoreCallbacks
    ) -> EventLoopFuture<any Channel> {
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) { try self.preparation() }.flatMap { preparation in
            ClientBootstrap(group: loop)
                .connectTimeout(limit)
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let context = preparation.context {
                            try pipeline.addHandler(
                                NIOSSLClientHandler(context: context, serverHostname: self.serverName))
                        }
                        try pipeline.addHandler(StoreHandler(preparation.greeting, callbacks))
                    }
                }
                .connect(host: self.host, port: self.port)
        }
    }

    private struct Preparation: Sendable {
        let greeting: StoreGreeting
        let context: NIOSSLContext?
    }

    private func preparation() throws -> Preparation {
        let greeting = StoreGreeting(username: username, password: try password?(), database: database)
        guard case .tls(let authorities) = transport else { return Preparation(greeting: greeting, context: nil) }
        var configuration =
            try (authorities ?? .ofEnvironment)?.readConfiguration() ?? TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = .seconds(1)
        return Preparation(greeting: greeting, context: try NIOSSLContext(configuration: configuration))
    }

    /// For an address the certificate must name the address that the connection leads to.
    private var serverName: String? {
        (try? SocketAddress(ipAddress: host, port: port)) == nil ? host : nil
    }
}
