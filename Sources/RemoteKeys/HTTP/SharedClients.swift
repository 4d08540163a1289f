import AsyncHTTPClient
import NIOCore
import Synchronization

/// The HTTP clients of this process. They live as long as the process, since a client that ends needs a shutdown that
/// waits.
enum SharedClients {
    private struct Kind: Hashable {
        let proxy: ProxyServer?
        let keepsConnections: Bool
    }

    private static let clients = Mutex<[Kind: HTTPClient]>([:])

    /// - Parameter keepsConnections: if not, each request has a connection of its own, and what its server sends is
    ///   limited in all. A kept connection has no such limit.
    static func client(proxy: ProxyServer?, keepsConnections: Bool) -> HTTPClient {
        let kind = Kind(proxy: proxy, keepsConnections: keepsConnections)
        return clients.withLock { clients in
            if let client = clients[kind] { return client }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration(kind))
            clients[kind] = client
            return client
        }
    }

    private static func configuration(_ kind: Kind) -> HTTPClient.Configuration {
        // Redirects would let another host choose the keys.
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, proxy: kind.proxy?.setting)
        configuration.timeout.connect = .seconds(10)
        // A connection that is refused is reported at once, by its reason. What needs the answer decides on a retry.
        configuration.connectionPool.retryConnectionEstablishment = false
        // One request needs no multiplexing, and all octets of an HTTP/1.1 connection belong to the exchange.
        configuration.httpVersion = .http1Only
        guard !kind.keepsConnections else {
            // The callers bound how many requests are under way. Beyond the pool's default of 8 they would wait in it.
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
            return configuration
        }
        configuration.maximumUsesPerConnection = 1
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.submit {
                // In front of TLS and HTTP: each octet counts, whatever it means.
                try channel.pipeline.syncOperations.addHandler(
                    OctetLimit(HTTPAnswer.maximumExchange), position: .first)
            }
        }
        return configuration
    }
}
