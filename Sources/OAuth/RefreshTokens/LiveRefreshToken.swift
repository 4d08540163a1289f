import AccessToken

/// What a refresh token still grants, under the current registration of its client.
struct LiveRefreshToken {
    let clientID: ClientID
    /// The scope that was first granted and that the client may still have.
    let scope: Scope
    /// The resources that were first granted and that the client may still have; never empty.
    let audience: [Audience]
    /// The end of the family.
    let expiresAt: NumericDate

    /// - Returns: `nil` if the token is void.
    init?(_ token: RefreshToken, of client: Client, policy: IssuancePolicy, now: NumericDate) {
        // RFC 6749 section 6: bound to the client that it was issued to, which must still be allowed to use it.
        guard token.clientID == client.id, client.grantTypes.contains(.refreshToken) else { return nil }
        clientID = client.id
        // A refresh or a longer lifetime in the configuration does not move the end; a shorter lifetime does.
        expiresAt = min(token.expiresAt, token.firstIssuedAt + policy.refreshTokenLifetime)
        guard now < expiresAt else { return nil }
        // A token from the future was issued by a wrong clock, or it is forged: neither lifetime nor not-before would
        // end it.
        guard token.firstIssuedAt <= now + KeyTiming.standard.leeway else { return nil }
        // The first issue counts: an attacker must not keep a stolen token alive by refreshing it in time.
        if let notBefore = client.refreshTokensNotBefore, token.firstIssuedAt < notBefore { return nil }
        // Scope and resources that were withdrawn from the client are dropped. The rest stays valid, as for a new
        // request.
        scope = token.scope.intersection(client.scope)
        guard !scope.tokens.isEmpty || token.scope.tokens.isEmpty else { return nil }
        let allowed = client.audiences(issuer: policy.issuer)
        audience = token.audience.filter(allowed.contains)
        guard !audience.isEmpty else { return nil }
    }
}
