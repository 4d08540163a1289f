public import AccessToken
public import JOSE
import RemoteKeys

/// Decides for a resource server whether a bearer token may be believed, RFC 9068 section 4, without asking the issuer
/// about each.
public struct AccessTokenVerifier: Sendable {
    private let issuer: Issuer
    private let audience: Audience
    private let keys: KeySource
    private let leeway: Duration
    private let maximumTokenLength: Int
    private let cache: VerifiedTokenCache?
    private let lastHeader = LastHeader()
    private let now: @Sendable () -> NumericDate

    /// - Parameters:
    ///   - issuer: the only issuer that is believed.
    ///   - audience: the identifier of this resource server, which a token must name.
    ///   - keys: the issuer's keys.
    ///   - leeway: how far the clocks of issuer and resource server may be apart.
    ///   - maximumTokenLength: in octets; nothing of a longer token is looked at.
    ///   - rememberedTokens: how many verified tokens are remembered, each until it expires or the keys change, so that the
    ///     next request with the same one costs a digest and no signature check. None, unless it is asked for.
    ///   - now: the clock.
    public init(
        issuer: Issuer, audience: Audience, keys: KeySource, leeway: Duration = .seconds(30),
        maximumTokenLength: Int = CompactJWS.defaultMaximumLength, rememberedTokens: Int = 0,
        now: @escaping @Sendable () -> NumericDate = { .now }
    ) {
        self.issuer = issuer
        self.audience = audience
        self.keys = keys
        self.leeway = leeway
        self.maximumTokenLength = maximumTokenLength
        cache = rememberedTokens > 0 ? VerifiedTokenCache(capacity: rememberedTokens) : nil
        self.now = now
    }

    /// Verifies a token as it stands in the `Authorization` header, without `Bearer`. It waits only where the keys are not
    /// in hand, or lack the one that the token names.
    public func verify(_ token: String) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        let remote: RemoteKeySet
        switch keys.kind {
        case .fixed(let keys): return try verify(token, with: keys)
        case .remote(let set): remote = set
        }
        do throws(AccessTokenVerificationError) {
            if let known = remote.inHand { return try verify(token, with: known) }
            return try verify(token, with: try await keys(remote.set))
        } catch {
            // A key that is not in the set may be a new one: the set is asked for once more.
            guard case .rejected(.signature(.noSingleKey)) = error else { throw error }
            return try verify(token, with: try await keys(remote.refreshed))
        }
    }

    /// The same, for callers that cannot wait.
    ///
    /// - Returns: nil where only ``verify(_:)`` can tell, since keys would have to be fetched.
    public func verifyWithKeysInHand(_ token: String) throws(AccessTokenVerificationError) -> VerifiedAccessToken? {
        switch keys.kind {
        case .fixed(let keys): return try verify(token, with: keys)
        case .remote(let set):
            guard let keys = set.inHand else { return nil }
            do throws(AccessTokenVerificationError) { return try verify(token, with: keys) } catch {
                guard case .rejected(.signature(.noSingleKey)) = error else { throw error }
                return nil
            }
        }
    }

    private func keys(
        _ get: () async throws(KeySetFetchError) -> VersionedKeySet
    ) async throws(AccessTokenVerificationError) -> VersionedKeySet {
        do throws(KeySetFetchError) { return try await get() } catch { throw .noKeys(error) }
    }

    private func verify(
        _ token: String, with keys: VersionedKeySet
    ) throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        let now = now()
        // Before anything is made of it, a digest included.
        guard token.utf8.count <= maximumTokenLength else { throw .rejected(.signature(.tooLong)) }
        let digest = cache?.digest(of: token)
        if let cache, let digest, let known = cache.token(digest, version: keys.version, now: now) {
            // RFC 7519 section 4.1.4: it may have expired since.
            guard now < known.claims.expiresAt + leeway else { throw .rejected(.expired) }
            return known
        }
        do throws(AccessTokenRejection) {
            let verified = try VerifiedAccessToken(
                signedToken(token, by: keys.keys), issuer: issuer, audience: audience, now: now, leeway: leeway)
            if let cache, let digest { cache.remember(verified, digest, version: keys.version, now: now) }
            return verified
        } catch {
            throw AccessTokenVerificationError(error)
        }
    }

    private func signedToken(_ token: String, by keys: JWKSet) throws(AccessTokenRejection) -> VerifiedJWS {
        do throws(JWSError) {
            let jws = try CompactJWS(
                parsing: token, maximumLength: maximumTokenLength, knownHeader: lastHeader.encodedHeader)
            let verified = try jws.verified(by: keys)
            lastHeader.remember(jws.encodedHeader)
            return verified
        } catch {
            throw .signature(error)
        }
    }
}
