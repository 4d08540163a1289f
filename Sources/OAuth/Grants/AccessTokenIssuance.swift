package import AccessToken
package import JOSE

/// An access token that lacks nothing but its signature.
package struct UnsignedAccessToken: Sendable {
    /// Where `sub`, `aud`, `client_id`, `scope` and the lifetime come from.
    package let grant: AuthorizedGrant
    /// Its `alg` and `kid` are in the header already: no other key may sign.
    package let key: SigningKey
    /// `jti`
    package let tokenID: TokenID
    /// `iat`
    let issuedAt: NumericDate
    /// `exp`
    let expiresAt: NumericDate
    /// What ``key`` has to sign.
    package let signingInput: JWSSigningInput

    /// - Parameter now: when the token is issued; it expires a lifetime later.
    package init(for grant: AuthorizedGrant, key: SigningKey, policy: IssuancePolicy, id: TokenID, now: NumericDate) {
        issuedAt = now
        expiresAt = now + grant.lifetime
        let claims = AccessTokenClaims(
            issuer: policy.issuer, subject: grant.client.id.description, audience: grant.audience,
            expiresAt: expiresAt, issuedAt: issuedAt, tokenID: id.description, clientID: grant.client.id,
            scope: grant.scope)
        self.grant = grant
        self.key = key
        tokenID = id
        signingInput = JWSSigningInput(
            encodedHeader: key.encodedHeader, payload: claims.json(adding: grant.client.claims))
    }
}
