import AccessToken

/// What a refresh token is still good for, with its client as it is registered now.
struct LiveRefreshToken {
    let clientID: ClientID
    /// What was granted first and the client may still have.
    let scope: Scope
    /// The same of the resources; never empty.
    let audience: [Audience]
    /// The end of the family.
    let expiresAt: NumericDate

    /// - Returns: nil for a token that is void.
    init?(_ token: RefreshToken, of client: Client, policy: IssuancePolicy, now: NumericDate) {
        // RFC 6749 section 6: bound to the client that it was issued to, which must still be allowed to use it.
        guard token.clientID == client.id, client.grantTypes.contains(.refreshToken) else { return nil }
        clientID = client.id
        // Neither a refresh nor a longer lifetime in the configuration moves the end; a shorter one does.
        expiresAt = min(token.expiresAt, token.firstIssuedAt + policy.refreshTokenLifetime)
        guard now < expiresAt else { return nil }
        // From the future come tokens of a clock that was wrong, or forged ones: neither lifetime nor not-before would end
        // them.
        guard token.firstIssuedAt <= now + KeyTiming.standard.leeway else { return nil }
        // What counts is the first issue: whoever refreshed a stolen token in time must not get away with it.
        if let notBefore = client.refreshTokensNotBefore, token.firstIssuedAt < notBefore { return nil }
        // What was withdrawn from the client is gone; the rest goes on, as it would with a new request.
        scope = token.scope.intersection(client.scope)
        guard !scope.tokens.isEmpty || token.scope.tokens.isEmpty else { return nil }
        let allowed = client.audiences(issuer: policy.issuer)
        audience = token.audience.filter(allowed.contains)
        guard !audience.isEmpty else { return nil }
    }
}
