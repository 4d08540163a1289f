import AccessToken

/// What a refresh token still grants, under the current registration of its client.
struct LiveRefreshToken {
    /// The token as it was issued.
    let token: RefreshToken
    let clientID: ClientID
    /// The scope that was first granted and that the client may still have.
    let scope: Scope
    /// The audiences that were first granted and that the client may still have; never empty.
    let audience: [Audience]
    /// The end of the family.
    let expiresAt: NumericDate

    /// - Parameter token: `nil` for a text that is no refresh token of this issuer.
    /// - Throws: why the token is void.
    init(
        _ token: RefreshToken?, of client: Client, policy: IssuancePolicy, now: NumericDate
    ) throws(RefusalCause) {
        guard let token else { throw .refreshTokenUnknown }
        // RFC 6749 section 6: bound to the client that it was issued to, which must still be allowed to use it.
        guard token.clientID == client.id else { throw .refreshTokenOfAnotherClient }
        guard client.grantTypes.contains(.refreshToken) else { throw .grantTypeNotAllowed }
        self.token = token
        clientID = client.id
        // A refresh or a longer lifetime in the configuration does not move the end; a shorter lifetime does.
        expiresAt = min(token.expiresAt, token.firstIssuedAt + policy.refreshTokenLifetime)
        guard now < expiresAt else { throw .refreshTokenExpired }
        // A token from the future was issued by a wrong clock, or it is forged: neither lifetime nor not-before would
        // end it.
        guard token.firstIssuedAt <= now + KeyTiming.standard.leeway else { throw .refreshTokenNotYetValid }
        // The first issue counts: an attacker must not keep a stolen token alive by refreshing it in time.
        guard !client.notBefore.refreshTokens.revokes(token.firstIssuedAt, at: now) else { throw .refreshTokenRevoked }
        // Scope and resources that were withdrawn from the client are dropped. The rest stays valid, as for a new
        // request.
        scope = token.scope.intersection(client.scope)
        guard !scope.tokens.isEmpty || token.scope.tokens.isEmpty else { throw .refreshTokenWithdrawn }
        let allowed = client.allowedAudiences(issuer: policy.issuer)
        audience = allowed.spellings(of: token.audience)
        guard !audience.isEmpty else { throw .refreshTokenWithdrawn }
    }
}
