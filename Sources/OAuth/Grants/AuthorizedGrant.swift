package import AccessToken

/// What an authenticated client is entitled to. Only ``AuthenticatedClient/authorize(_:policy:sealer:now:)`` makes one.
package struct AuthorizedGrant: Sendable {
    /// Becomes `sub` and `client_id`.
    package let client: Client
    /// `grant_type`, one of those that the client is registered for.
    package let grantType: GrantType
    /// Of the access token: a part of what the client may have, or all of it where it asked for nothing.
    package let scope: Scope
    /// Never empty.
    package let audience: [Audience]
    /// From `iat` to `exp`: the client's own `access_token_lifetime`, else the service's.
    package let lifetime: Duration
    /// For how long its access token may answer further requests of the client for the same; zero is not at all.
    package let reuse: Duration
    /// What the client can get the next access token with; nil for one that may not.
    package let refreshToken: RefreshToken?

    fileprivate init(client: Client, grantType: GrantType, access: GrantedAccess, lifetime: Duration, reuse: Duration) {
        self.client = client
        self.grantType = grantType
        scope = access.scope
        audience = access.audience
        refreshToken = access.refreshToken
        self.lifetime = lifetime
        // A refresh token is made for one request.
        let isReusable = grantType == .clientCredentials && access.refreshToken == nil
        // Whoever gets a token has half of its life left at least.
        self.reuse = isReusable ? min(reuse, lifetime / 2) : .zero
    }
}

/// What a grant type gives.
struct GrantedAccess {
    let scope: Scope
    let audience: [Audience]
    let refreshToken: RefreshToken?
}

extension AuthenticatedClient {
    /// Decides what `request` gets.
    ///
    /// - Parameter sealer: opens the refresh token, where there is one in the request.
    package func authorize(
        _ request: TokenRequest, policy: IssuancePolicy, sealer: RefreshTokenSealer, now: NumericDate
    ) throws(TokenError) -> AuthorizedGrant {
        guard let grantType = GrantType(rawValue: request.grantType) else { throw .unsupportedGrantType }
        let access =
            switch grantType {
            case .clientCredentials: try clientCredentialsGrant(request, policy: policy, now: now)
            case .refreshToken: try refreshGrant(request, policy: policy, sealer: sealer, now: now)
            }
        return AuthorizedGrant(
            client: client, grantType: grantType, access: access,
            lifetime: client.accessTokenLifetime ?? policy.accessTokenLifetime,
            reuse: client.accessTokenReuse ?? policy.accessTokenReuse)
    }
}
