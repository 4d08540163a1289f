public import AccessToken
public import CoreMetrics
public import JOSE
import RemoteKeys

/// Verifies access tokens of one issuer for a resource server, RFC 9068 section 4, without a request to the issuer for
/// each token.
public struct AccessTokenVerifier: TokenVerifying {
    /// The only issuer whose tokens are accepted.
    public let issuer: Issuer
    /// The identifiers of this resource server. A token must name one of them.
    public let audiences: [Audience]
    /// What is demanded of tokens beside signature, issuer, audience and time.
    public let rules: VerificationRules
    /// Where the issuer's keys come from.
    public let keys: KeySource

    private let cache: VerifiedTokenCache?
    private let senderCheck: SenderCheck
    let statusCheck: StatusCheck
    private let lastHeader = LastHeader()
    private let metrics: VerificationMetrics
    private let now: @Sendable () -> NumericDate

    /// - Parameters:
    ///   - issuer: the only issuer whose tokens are accepted.
    ///   - audiences: the identifiers of this resource server, of which a token must name one: URIs, or names such as
    ///     `rabbitmq`. With an empty list no token is accepted.
    ///   - keys: the issuer's keys.
    ///   - rules: what is demanded besides.
    ///   - cacheCapacity: how many verified tokens are cached at most, each until it expires or the keys change. The next
    ///     request with a cached token costs a digest and no signature check. From 8 on it is rounded down to a multiple of 8:
    ///     the digest of a token chooses one set of 8 places, so a token may be dropped while other sets have free places.
    ///     The default 0 caches none.
    ///   - metrics: counts verified and refused tokens: see Observability in the documentation.
    ///   - now: the clock.
    public init(
        issuer: Issuer, audiences: [Audience], keys: KeySource, rules: VerificationRules = VerificationRules(),
        cacheCapacity: Int = 0, metrics: any MetricsFactory = MetricsSystem.factory,
        now: @escaping @Sendable () -> NumericDate = { .now }
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.keys = keys
        self.rules = rules
        senderCheck = SenderCheck(rules.confirmation)
        statusCheck = StatusCheck(rules, issuer: issuer, keys: keys, metrics: metrics, now: now)
        cache = cacheCapacity > 0 ? VerifiedTokenCache(capacity: cacheCapacity) : nil
        self.metrics = VerificationMetrics(issuer: issuer.description, factory: metrics)
        self.now = now
    }

    /// For a resource server with one identifier.
    ///
    /// - Parameter audience: a URI, or a name such as `rabbitmq`.
    public init(
        issuer: Issuer, audience: Audience, keys: KeySource, rules: VerificationRules = VerificationRules(),
        cacheCapacity: Int = 0, metrics: any MetricsFactory = MetricsSystem.factory,
        now: @escaping @Sendable () -> NumericDate = { .now }
    ) {
        self.init(
            issuer: issuer, audiences: [audience], keys: keys, rules: rules, cacheCapacity: cacheCapacity,
            metrics: metrics, now: now)
    }

    /// The first audience.
    public var defaultRealm: String { audiences.first?.description ?? issuer.description }

    /// The schemes with which a token can be presented.
    public var schemes: [AuthorizationScheme] { rules.confirmation.schemes }

    /// The accepted signature algorithms of DPoP proofs.
    public var proofAlgorithms: [SignatureAlgorithm] { rules.confirmation.proofAlgorithms }

    /// Verifies a token from the `Authorization` field, without the scheme `Bearer`. It waits only if no keys are
    /// cached, the cached keys lack the one that the token names, or there is no fresh Status List that it needs.
    ///
    /// Nothing is known of its sender, so that a token which is bound to a key is refused.
    public func verify(_ token: String) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        try await verify(token, .alone)
    }

    /// Verifies a token of a request, and that its sender has the key that the token is bound to: RFC 9449 section 7.1, RFC
    /// 8705 section 3. It waits as ``verify(_:)`` does.
    ///
    /// - Parameters:
    ///   - token: from the `Authorization` field, without its scheme.
    ///   - scheme: of that field.
    ///   - request: has the DPoP proof and the certificate of the sender. Its `Authorization` fields are not read again.
    public func verify(
        _ token: String, as scheme: AuthorizationScheme, in request: ProtectedResourceRequest
    ) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        try await verify(token, TokenPresentation(scheme: scheme, request: request))
    }

    /// How far a verification gets without waiting.
    private enum Progress {
        case verified(VerifiedAccessToken)
        /// There are no keys, or they lack the one that the token names.
        case lacksKey
        /// What is left to check are status, sender and the check of the resource server's own.
        case lacksStatusList(VerifiedAccessToken)
    }

    private func verify(
        _ token: String, _ presentation: TokenPresentation
    ) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        do throws(AccessTokenVerificationError) {
            let verified: VerifiedAccessToken
            switch try verifyWithoutWaiting(token, presentation) {
            case .verified(let token): verified = token
            case .lacksKey:
                verified = try await finish(try await tokenByFetchedKeys(token), presentation)
            case .lacksStatusList(let token): verified = try await finish(token, presentation)
            }
            metrics.accept()
            return verified
        } catch {
            metrics.refuse(error)
            throw error
        }
    }

    /// Verifies synchronously, using cached keys and cached Status Lists only.
    ///
    /// - Returns: `nil` if keys or a list would have to be fetched: then call ``verify(_:)``.
    public func verifyUsingCachedKeys(_ token: String) throws(AccessTokenVerificationError) -> VerifiedAccessToken? {
        do throws(AccessTokenVerificationError) {
            guard case .verified(let verified) = try verifyWithoutWaiting(token, .alone) else { return nil }
            metrics.accept()
            return verified
        } catch {
            metrics.refuse(error)
            throw error
        }
    }

    private func verifyWithoutWaiting(
        _ text: String, _ presentation: TokenPresentation
    ) throws(AccessTokenVerificationError) -> Progress {
        let now = now()
        let token: VerifiedAccessToken
        switch keys.kind {
        case .fixed(let keys): token = try self.token(text, with: keys, now: now)
        case .remote(let set):
            guard let keys = set.cachedKeys else { return .lacksKey }
            do throws(AccessTokenVerificationError) { token = try self.token(text, with: keys, now: now) } catch {
                guard case .rejected(.signature(.noSingleKey)) = error else { throw error }
                return .lacksKey
            }
        }
        guard try statusCheck.isGood(token) else { return .lacksStatusList(token) }
        return .verified(try checkRequest(token, presentation, now: now))
    }

    /// Checks what is left, and waits for a Status List if the token needs one.
    private func finish(
        _ token: VerifiedAccessToken, _ presentation: TokenPresentation
    ) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        try await statusCheck.check(token)
        let now = now()
        do throws(AccessTokenRejection) { try rules.checkAgain(token, now: now) } catch { throw .rejected(error) }
        return try checkRequest(token, presentation, now: now)
    }

    /// After all that the token alone decides: a proof is used up by it.
    private func checkRequest(
        _ token: VerifiedAccessToken, _ presentation: TokenPresentation, now: NumericDate
    ) throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        try senderCheck.check(token, presentation, now: now)
        do throws(AccessTokenRejection) { try rules.checkOwn(token) } catch { throw .rejected(error) }
        return token
    }

    private func tokenByFetchedKeys(
        _ text: String
    ) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        guard case .remote(let set) = keys.kind else { throw .rejected(.signature(.noSingleKey)) }
        do throws(AccessTokenVerificationError) {
            let keys = try await keys(set.current)
            return try token(text, with: keys, now: now())
        } catch {
            // A key that is not in the set may be new, so the set is reloaded.
            guard case .rejected(.signature(.noSingleKey)) = error else { throw error }
        }
        let keys = try await keys(set.reloaded)
        do throws(AccessTokenVerificationError) { return try token(text, with: keys, now: now()) } catch {
            // If the keys could not be reloaded, a missing key says nothing about the token.
            guard case .rejected(.signature(.noSingleKey)) = error, let failure = set.recentFailure else { throw error }
            throw .noKeys(failure)
        }
    }

    private func keys(
        _ get: () async throws(DocumentFetchError) -> CachedDocument<JWKSet>
    ) async throws(AccessTokenVerificationError) -> CachedDocument<JWKSet> {
        do throws(DocumentFetchError) { return try await get() } catch { throw .noKeys(error) }
    }

    /// The token, if only status and sender are left to check.
    private func token(
        _ text: String, with keys: CachedDocument<JWKSet>, now: NumericDate
    ) throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        do throws(AccessTokenRejection) { return try checkedToken(text, with: keys, now: now) } catch {
            throw AccessTokenVerificationError(error)
        }
    }

    private func checkedToken(
        _ text: String, with keys: CachedDocument<JWKSet>, now: NumericDate
    ) throws(AccessTokenRejection) -> VerifiedAccessToken {
        // Before any work that grows with the length, such as a digest.
        guard text.utf8.count <= rules.maximumTokenLength else { throw .signature(.tooLong) }
        let digest = cache?.digest(of: text)
        if let cache, let digest, let known = cache.token(digest, version: keys.version, now: now) {
            try rules.checkAgain(known, now: now)
            return known
        }
        let verified = try VerifiedAccessToken(
            signedToken(text, by: keys.value), text: text, issuer: issuer, audiences: audiences,
            profile: { _ in rules.profile }, now: now, leeway: rules.leeway)
        try rules.checkOnce(verified)
        try rules.checkAge(of: verified, now: now)
        if let cache, let digest { cache.insert(verified, digest, version: keys.version, now: now) }
        return verified
    }

    private func signedToken(_ token: String, by keys: JWKSet) throws(AccessTokenRejection) -> VerifiedJWS {
        do throws(JWSError) {
            let jws = try CompactJWS(
                parsing: token, maximumLength: rules.maximumTokenLength, knownHeader: lastHeader.encodedHeader)
            let verified = try jws.verified(by: keys, among: rules.algorithms)
            if !jws.hasKnownHeader { lastHeader.store(jws.encodedHeader) }
            return verified
        } catch {
            throw .signature(error)
        }
    }
}
