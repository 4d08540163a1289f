import AccessToken
package import AsyncHTTPClient
package import NIOHTTP1
import NIOCore
import NIOSSL

/// Sends requests to other servers: the one place from which this process does. It repeats nothing, follows no redirects
/// and limits time and size.
package struct OutgoingHTTP: Sendable {
    /// `User-Agent`, RFC 9110 section 10.1.5.
    private let userAgent: String
    /// `nil` for the certificate authorities of the environment or of the system.
    private let authorities: CertificateAuthorities?

    private let proxies: ProxyRules
    private let headers: FetchSettings.Headers?
    /// The time for one document.
    let timeLimit: Duration

    /// A process that embeds a verifier.
    package static let verifier = OutgoingHTTP(FetchSettings.standard)

    /// A process that embeds a verifier, with settings of its own.
    package init(_ settings: FetchSettings) {
        self.init(
            userAgent: "TokenVerifier/\(Release.version)",
            authorities: settings.certificateAuthoritiesFile.map(CertificateAuthorities.init(file:)),
            proxies: settings.proxy.map { ProxyRules(server: $0, exceptions: nil, name: "the settings") }
                ?? .ofEnvironment,
            headers: settings.headers, timeLimit: settings.timeLimit)
    }

    /// A process that embeds a token source.
    ///
    /// - Parameter authorities: `nil` for the certificate authorities of the environment or of the system.
    package static func tokenSource(trusting authorities: CertificateAuthorities? = nil) -> OutgoingHTTP {
        OutgoingHTTP(userAgent: "TokenSource/\(Release.version)", authorities: authorities)
    }

    /// The service, and its commands.
    ///
    /// - Parameter authorities: `ca_file`; `nil` for the certificate authorities of the environment or of the system.
    package static func writ(trusting authorities: CertificateAuthorities? = nil) -> OutgoingHTTP {
        OutgoingHTTP(userAgent: "writ/\(Release.version)", authorities: authorities)
    }

    init(
        userAgent: String, authorities: CertificateAuthorities? = nil, proxies: ProxyRules = .ofEnvironment,
        headers: FetchSettings.Headers? = nil, timeLimit: Duration = FetchSettings.standard.timeLimit
    ) {
        self.userAgent = userAgent
        self.authorities = authorities
        self.proxies = proxies
        self.headers = headers
        self.timeLimit = timeLimit
    }

    /// Sends one request and reads the whole answer.
    ///
    /// - Parameters:
    ///   - limit: the time for everything together: a server can stall after the head.
    ///   - own: the certificate authorities for this server, in place of all others.
    ///   - identity: the certificate to show to the server if it asks for one.
    ///   - keepsConnection: whether the next request to the server may use the connection too.
    package func send(
        _ request: HTTPClientRequest, within limit: Duration, trusting own: CertificateAuthorities? = nil,
        presenting identity: ClientIdentity? = nil, keepsConnection: Bool = false
    ) async throws(ConnectionFailure) -> HTTPAnswer {
        let route = try OutgoingRoute(to: request.url, proxies)
        do {
            return try await Deadline.race(limit) { [request] in
                try await exchange(
                    request, on: route, trusting: own, presenting: identity, keepsConnection: keepsConnection)
            }
        } catch {
            throw ConnectionFailure(error)
        }
    }

    private func exchange(
        _ request: HTTPClientRequest, on route: OutgoingRoute, trusting own: CertificateAuthorities?,
        presenting identity: ClientIdentity?, keepsConnection: Bool
    ) async throws -> HTTPAnswer {
        var request = request
        if let headers { request.headers.add(contentsOf: HTTPHeaders(try await headers(request.url))) }
        for (name, value) in [("User-Agent", userAgent), ("Accept", Self.accepted)]
        where !request.headers.contains(name: name) {
            request.headers.add(name: name, value: value)
        }
        if route.isSecure {
            request.tlsConfiguration = try await tlsConfiguration(trusting: own, presenting: identity)
        }
        do {
            let client = SharedClients.client(proxy: route.proxy, keepsConnections: keepsConnection)
            let response = try await client.execute(request, deadline: .distantFuture)
            let body = try await response.body.collect(upTo: HTTPAnswer.maximumSize)
            // A body that is cancelled ends as one that is whole does.
            try Task.checkCancellation()
            return HTTPAnswer(
                status: response.status.code, headers: response.headers, body: Array(body.readableBytesView))
        } catch {
            let failure = ConnectionFailure(error)
            // Behind a proxy the server cannot be reached in another way than by the client.
            guard failure.code == .untrustedCertificate, route.proxy == nil else { throw failure }
            throw await CertificateDiagnosis.failure(of: route) ?? failure
        }
    }

    /// - Returns: `nil` for that of the client.
    private func tlsConfiguration(
        trusting own: CertificateAuthorities?, presenting identity: ClientIdentity?
    ) async throws -> TLSConfiguration? {
        let configuration = try await (own ?? authorities ?? .ofEnvironment)?.tlsConfiguration()
        guard let identity else { return configuration }
        var presenting = configuration ?? .makeClientConfiguration()
        try await identity.configure(&presenting)
        return presenting
    }

    /// RFC 7517 section 8.5.2: the media type of a key set. All other documents are JSON.
    private static let accepted = "application/jwk-set+json, application/json"
}

/// The answer of another server.
package struct HTTPAnswer: Sendable {
    /// The maximum size of the body, in octets.
    package static let maximumSize = 256 * 1024
    /// The maximum number of octets that an exchange may take in all, with heads, 1xx answers, chunk
    /// extensions and trailers. The handshake of TLS comes before it.
    static let maximumExchange = 2 * maximumSize

    package let status: UInt
    package let headers: HTTPHeaders
    package let body: [UInt8]
}
