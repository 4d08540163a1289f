public import AccessToken
import JOSE
import Libcrypto
public import Logging
import RemoteKeys
import Synchronization
import WireText

/// Gets access tokens with the client credentials grant (RFC 6749 section 4.4), caches them, and replaces them before they
/// expire.
///
/// A token is requested when a caller first needs it, and once for all callers that need it at the same time. After 70 to 85
/// per cent of its lifetime the next call starts a request for another one, and callers get the current one meanwhile. While
/// the issuer is down they get it until it expires.
public final class AccessTokenSource: Sendable {
    /// The limits of a source.
    public struct Limits: Sendable {
        /// The time limit for one request to the issuer: for a token, and for the metadata that name the endpoint.
        public var requestTime: Duration
        /// The maximum number of tokens that are cached, one for each ``RequestedAccess``; at least 2. The ones that were
        /// used last stay.
        public var cachedTokens: Int

        /// Ten seconds, and a thousand tokens.
        public static let standard = Limits()

        /// The defaults are ``standard``.
        public init(requestTime: Duration = .seconds(10), cachedTokens: Int = 1000) {
            self.requestTime = requestTime
            self.cachedTokens = cachedTokens
        }
    }

    private let fetcher: TokenFetcher
    /// For resource servers; `nil` without a DPoP key.
    private let proofs: ProofMaker?
    private let cache: Mutex<TwoGenerationCache<RequestedAccess, CachedAccess>>

    /// A source whose token endpoint is that of the issuer's metadata (RFC 8414). Nothing is requested yet.
    ///
    /// - Parameters:
    ///   - issuer: the issuer that its metadata must name; `aud` of the assertions that the client signs.
    ///   - credential: how the client authenticates.
    ///   - dpopKey: the key that tokens are bound to (RFC 9449), such as `try .generate()`; `nil` for none.
    ///   - authoritiesFile: a file in PEM with the certificate authorities that the issuer is trusted by, in place of all
    ///     others. It is read for each request. `nil` for those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, else of the system.
    ///   - limits: of time and memory.
    ///   - logger: gets a warning for each request that failed.
    public convenience init(
        issuer: Issuer, credential: ClientCredential, dpopKey: DPoPKey? = nil, authoritiesFile: String? = nil,
        limits: Limits = .standard, logger: Logger? = nil
    ) {
        let http = OutgoingHTTP.tokenSource(trusting: AccessTokenSource.authorities(authoritiesFile))
        self.init(issuer: issuer, credential, boundTo: dpopKey, through: http, limits, clock: .system, logger)
    }

    /// A source whose token endpoint is known.
    ///
    /// - Parameters:
    ///   - tokenEndpoint: https, or http on a loopback host.
    ///   - issuer: `aud` of the assertions that the client signs; `nil` for the URL of the token endpoint.
    ///   - credential: how the client authenticates.
    ///   - dpopKey: the key that tokens are bound to (RFC 9449), such as `try .generate()`; `nil` for none.
    ///   - authoritiesFile: a file in PEM with the certificate authorities that the issuer is trusted by, in place of all
    ///     others. It is read for each request. `nil` for those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, else of the system.
    ///   - limits: of time and memory.
    ///   - logger: gets a warning for each request that failed.
    public convenience init(
        tokenEndpoint: RemoteURL, issuer: Issuer? = nil, credential: ClientCredential, dpopKey: DPoPKey? = nil,
        authoritiesFile: String? = nil, limits: Limits = .standard, logger: Logger? = nil
    ) {
        let http = OutgoingHTTP.tokenSource(trusting: AccessTokenSource.authorities(authoritiesFile))
        let endpoint = IssuerEndpoint(
            tokenEndpoint, of: issuer, credential, through: http, boundTo: dpopKey, timeLimit: limits.requestTime)
        self.init(endpoint, limits, clock: .system, logger)
    }

    convenience init(
        issuer: Issuer, _ credential: ClientCredential, boundTo key: DPoPKey? = nil, through http: OutgoingHTTP,
        _ limits: Limits, clock: SourceClock, _ logger: Logger?
    ) {
        let endpoint = IssuerEndpoint(
            named: "token_endpoint", of: issuer, credential, through: http, boundTo: key,
            timeLimit: limits.requestTime, clock: clock)
        self.init(endpoint, limits, clock: clock, logger)
    }

    init(_ endpoint: IssuerEndpoint, _ limits: Limits, clock: SourceClock, _ logger: Logger?) {
        fetcher = TokenFetcher(endpoint, clock: clock, logger: logger)
        proofs = endpoint.dpopKey.map(ProofMaker.init)
        cache = Mutex(TwoGenerationCache(capacity: limits.cachedTokens / 2))
    }

    /// A token for this access: the cached one, or a new one.
    ///
    /// - Throws: ``TokenSourceError`` if there is no token that lives. After a failure the next request to the issuer is made
    ///   after a pause, and calls until then throw the same error at once. If the task is cancelled, its caller no longer
    ///   waits; the request goes on for others.
    public func token(for access: RequestedAccess = .byDefault) async throws(TokenSourceError) -> IssuedAccessToken {
        try await cached(access).token()
    }

    /// Has the next call request another token in place of one that a resource server has refused with 401. If no other can
    /// be had, calls get this one until it expires. A token that is no longer the cached one is ignored, and so is a second
    /// call within ten seconds for the same access.
    public func invalidate(_ token: IssuedAccessToken) {
        cache.withLock { $0.find(token.access)?.0 }?.invalidate(token)
    }

    /// The fields of a request with a token: `Authorization`, and for a token that is bound to the DPoP key `DPoP` with a
    /// proof that is good for one request (RFC 9449 section 7.1).
    ///
    /// - Parameters:
    ///   - token: one of this source.
    ///   - method: of the request.
    ///   - url: of the request; query and fragment do not count.
    /// - Throws: ``TokenSourceError`` for a URL that is neither https nor http on a loopback host, or if libcrypto fails.
    public func fields(
        for token: IssuedAccessToken, method: String, url: String
    ) throws(TokenSourceError) -> [(name: String, value: String)] {
        guard HTTPOrigin(ofRequest: url)?.mayGetToken == true else { throw TokenSourceError(.insecureURL) }
        let authorization = (name: "Authorization", value: token.authorization)
        guard let proofs else { return [authorization] }
        let proof = try proofs.proof(method: method, url: url, accessToken: token.value, now: fetcher.clock.date())
        return [authorization, (name: ProofMaker.fieldName, value: proof)]
    }

    /// Keeps the nonce that a resource server has given, for the proofs of the next requests to it (RFC 9449 section 9).
    ///
    /// - Parameters:
    ///   - fields: the values of all `DPoP-Nonce` fields of its answer.
    ///   - url: of the request.
    ///   - request: the fields of the request, as ``fields(for:method:url:)`` made them.
    /// - Returns: whether the nonce is another than that of the request's own proof. Then a request that was refused with
    ///   `use_dpop_nonce` is worth another attempt, also if another request has brought the nonce meanwhile.
    @discardableResult
    public func takeNonce(
        _ fields: [String], from url: String, answering request: [(name: String, value: String)]
    ) -> Bool {
        guard let nonce = proofs?.nonces.take(fields, from: url) else { return false }
        let proof = request.first { Octets($0.name).isSameIgnoringCase(as: ProofMaker.fieldName) }
        let former = proof.flatMap { try? CompactJWS.unverifiedClaims(of: $0.value) }?["nonce"]?.string
        return former.map { !nonce.isSameText(as: $0) } ?? true
    }

    /// Whether a request is under way, and how many callers wait for it.
    func load(of access: RequestedAccess = .byDefault) -> (isFetching: Bool, waiting: Int) { cached(access).load }

    /// The number of tokens that are cached or requested.
    var cachedCount: Int { cache.withLock { $0.count } }

    private func cached(_ access: RequestedAccess) -> CachedAccess {
        cache.withLock { cache in
            if let (cached, isYounger) = cache.find(access) {
                if !isYounger { cache.insert(cached, for: access) }
                return cached
            }
            let new = CachedAccess(access, fetcher)
            cache.insert(new, for: access)
            return new
        }
    }

    /// The maximum size of a file with certificate authorities, in octets.
    private static let authoritiesSize = 4 << 20

    private static func authorities(_ path: String?) -> CertificateAuthorities? {
        path.map { path in
            CertificateAuthorities {
                [
                    try CredentialFile.read(path, limit: authoritiesSize).withBytes { octets in
                        octets.indices.map { octets[$0] }
                    }
                ]
            }
        }
    }
}
