public import AccessToken
import JOSE
import Libcrypto
package import WireText

/// What an authenticated client gets. Only ``AuthenticatedClient/authorize(_:policy:sealer:now:)`` creates one.
public struct AuthorizedGrant: Sendable {
    /// The content of the grant's access token, except for what differs in every token. One token can answer two grants
    /// with equal terms, so a property that is added here counts for ``TokenReuseKey`` too.
    package struct Terms: Sendable, Hashable {
        /// The registration, compared by identity: its own claims become claims of the token.
        package var client: Client
        /// `sub`
        package var subject: ExactText
        /// `act`, RFC 8693 section 4.1: the party that acts for the subject; `nil` if the subject acts for itself.
        package var actor: ExactText?
        /// `scope`
        package var scope: Scope
        /// `aud`; never empty.
        package var audience: [Audience]
        /// From `iat` to `exp`.
        package var lifetime: Duration
        /// `cnf`: the key that the token is bound to; `nil` for a bearer token.
        package var confirmation: Confirmation?
        /// `status`: the token's place in a status list; `nil` for a token that is in no list.
        package var status: StatusListReference?
        /// `typ`, and how the scope is written.
        package var shape: AccessTokenShape
        /// `claims_from_identity` with their values, as ``JSONWriter/members(of:)`` writes members.
        package var copiedClaims: [UInt8] = []
    }

    /// The terms of its access token.
    package let terms: Terms
    /// `grant_type`, one of those that the client is registered for.
    package let grantType: GrantType
    /// How long its access token may answer further requests with the same terms; zero for no reuse.
    package let reuse: Duration
    /// The refresh token that the client gets; `nil` if it may not refresh.
    public let refreshToken: RefreshToken?

    fileprivate init(_ terms: Terms, grantType: GrantType, refreshToken: RefreshToken?, reuse: Duration) {
        self.terms = terms
        self.grantType = grantType
        self.refreshToken = refreshToken
        // A refresh token is made for one request.
        let isReusable = grantType != .refreshToken && refreshToken == nil
        // A reused token has at least half of its lifetime left.
        self.reuse = isReusable ? min(reuse, terms.lifetime / 2) : .zero
    }

    /// The client that gets the token: `client_id`.
    package var client: Client { terms.client }
}

extension AuthenticatedClient {
    /// Decides what to grant for `request`.
    ///
    /// - Parameter sealer: opens the refresh token, if the request has one.
    public func authorize(
        _ request: TokenRequest, policy: IssuancePolicy, sealer: RefreshTokenSealer, now: NumericDate
    ) throws(TokenRefusal) -> AuthorizedGrant {
        let confirmation = try confirmation(by: request.certificate, policy, now: now)
        // A registration that was good keeps its form while the settings change.
        guard confirmation != nil || !policy.profile.bindsAccessTokens else { throw TokenRefusal(.missingProof) }
        return switch request.grant {
        case .clientCredentials: try firstGrant(.clientCredentials, request.access, confirmation, policy, now: now)
        case .jwtBearer: try firstGrant(.jwtBearer, request.access, confirmation, policy, now: now)
        case .refresh(let token): try refreshGrant(token, request.access, confirmation, policy, sealer, now: now)
        }
    }

    /// `client_credentials`, RFC 6749 section 4.4, and `urn:ietf:params:oauth:grant-type:jwt-bearer`, RFC 7523 section 2.1.
    private func firstGrant(
        _ grantType: GrantType, _ access: RequestedAccess, _ confirmation: Confirmation?, _ policy: IssuancePolicy,
        now: NumericDate
    ) throws(TokenRefusal) -> AuthorizedGrant {
        guard client.grantTypes.contains(grantType) else { throw TokenRefusal(.unauthorizedClient) }
        let allowed = client.allowedAudiences(issuer: policy.issuer)
        let scope = try access.scope(within: client.scope)
        // RFC 9068 section 3: a request without a resource gets a default.
        let audience = try access.audience(within: allowed) ?? [allowed[0]]
        // RFC 7521 section 4.1: a client can use its assertion again, or get another, so it gets no refresh token.
        let refreshToken =
            grantType == .clientCredentials
            ? try firstRefreshToken(scope: scope, audience: audience, policy: policy, now: now) : nil
        return try grant(grantType, scope, audience, confirmation, refreshToken: refreshToken, policy, now: now)
    }

    /// RFC 6749 section 4.4.3 advises against a refresh token, so only a client that is registered for it gets one.
    private func firstRefreshToken(
        scope: Scope, audience: [Audience], policy: IssuancePolicy, now: NumericDate
    ) throws(TokenRefusal) -> RefreshToken? {
        guard client.grantTypes.contains(.refreshToken) else { return nil }
        do throws(LibcryptoError) {
            return try RefreshToken(
                for: client.id, scope: scope, audience: audience, lifetime: policy.refreshTokenLifetime, now: now)
        } catch {
            throw .failure(error)
        }
    }

    /// `refresh_token`, RFC 6749 section 6: the access token may have less than what was first granted, never more.
    private func refreshGrant(
        _ text: String, _ access: RequestedAccess, _ confirmation: Confirmation?, _ policy: IssuancePolicy,
        _ sealer: RefreshTokenSealer, now: NumericDate
    ) throws(TokenRefusal) -> AuthorizedGrant {
        let presented: RefreshToken?
        do throws(LibcryptoError) { presented = try sealer.open(text) } catch { throw .failure(error) }
        let live: LiveRefreshToken
        do throws(RefusalCause) { live = try LiveRefreshToken(presented, of: client, policy: policy, now: now) } catch {
            // A client that was never allowed to refresh gets another refusal than one whose token is void.
            let knowsRefreshing = client.grantTypes.contains(.refreshToken) || presented?.clientID == client.id
            throw knowsRefreshing ? TokenRefusal(.invalidGrant, cause: error) : TokenRefusal(.unauthorizedClient)
        }
        // RFC 6749 section 6: a new refresh token has the scope of the old one, even if this request asks for less.
        return try grant(
            .refreshToken, try access.scope(within: live.scope),
            try access.audience(within: live.audience) ?? live.audience, confirmation,
            refreshToken: policy.profile.renewsRefreshTokens
                ? live.token.next(scope: live.scope, audience: live.audience, now: now) : nil, policy, now: now)
    }

    /// RFC 9068 section 2.2: a client that acts for itself is the subject.
    private func grant(
        _ grantType: GrantType, _ scope: Scope, _ audience: [Audience], _ confirmation: Confirmation?,
        refreshToken: RefreshToken?, _ policy: IssuancePolicy, now: NumericDate
    ) throws(TokenRefusal) -> AuthorizedGrant {
        let status = try statusListReference(policy, now: now)
        let lifetime = policy.profile.limiting(client.accessTokenLifetime ?? policy.accessTokenLifetime)
        let terms = AuthorizedGrant.Terms(
            client: client, subject: ExactText(client.id.description), scope: scope, audience: audience,
            // A registration that was good keeps its form while the settings change.
            lifetime: status == nil ? lifetime : min(lifetime, StatusListSchedule.longestLifetime),
            confirmation: confirmation, status: status,
            shape: client.tokenShape, copiedClaims: evidence.copiedClaims)
        return AuthorizedGrant(
            terms, grantType: grantType, refreshToken: refreshToken,
            reuse: client.accessTokenReuse ?? policy.accessTokenReuse)
    }

    /// `status` of a token that is issued at `now`; `nil` if the client's tokens are in no list.
    private func statusListReference(
        _ policy: IssuancePolicy, now: NumericDate
    ) throws(TokenRefusal) -> StatusListReference? {
        guard policy.listsStatus, client.isInStatusLists else { return nil }
        let list = StatusListSchedule.list(forTokenIssuedAt: now, client.notBefore.accessTokens)
        do throws(LibcryptoError) {
            return StatusListReference(
                index: Int64(try client.statusPlace()), uri: policy.statusLists.url(of: list))
        } catch {
            throw .failure(error)
        }
    }
}
