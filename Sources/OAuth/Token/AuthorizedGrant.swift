public import AccessToken

/// What an authenticated client is entitled to. Only ``AuthenticatedClient/authorize(_:policy:)`` makes one.
public struct AuthorizedGrant: Sendable {
    /// Becomes `sub` and `client_id`.
    public let client: Client
    /// `grant_type`, one of those that the client is registered for.
    public let grantType: GrantType
    /// A part of what the client may have, or all of it where it asked for nothing.
    public let scope: Scope
    /// Never empty.
    public let audience: [Audience]
    /// From `iat` to `exp`: the client's own `access_token_lifetime`, else the service's.
    public let lifetime: Duration

    fileprivate init(
        client: Client, grantType: GrantType, scope: Scope, audience: [Audience], lifetime: Duration
    ) {
        self.client = client
        self.grantType = grantType
        self.scope = scope
        self.audience = audience
        self.lifetime = lifetime
    }
}

extension AuthenticatedClient {
    /// Decides what `request` gets, RFC 6749 section 4.4.2 and RFC 8707 section 2.
    public func authorize(_ request: TokenRequest, policy: IssuancePolicy) throws(TokenError) -> AuthorizedGrant {
        guard let grantType = GrantType(rawValue: request.grantType) else { throw .unsupportedGrantType }
        guard client.grantTypes.contains(grantType) else { throw .unauthorizedClient }
        return AuthorizedGrant(
            client: client,
            grantType: grantType,
            scope: try scope(for: request),
            audience: try audience(for: request, issuer: policy.issuer),
            lifetime: client.accessTokenLifetime ?? policy.accessTokenLifetime
        )
    }

    /// RFC 6749 section 3.3: what was asked for, or all that the client may have.
    private func scope(for request: TokenRequest) throws(TokenError) -> Scope {
        guard let text = request.scope else { return client.scope }
        guard let scope = try? Scope(text) else { throw .malformedScope }
        guard scope.isSubset(of: client.scope) else { throw .scopeNotAllowed }
        return scope
    }

    /// RFC 8707 section 2; without a resource, RFC 9068 section 3 asks for a default. The caller itself is never one.
    private func audience(for request: TokenRequest, issuer: Issuer) throws(TokenError) -> [Audience] {
        let allowed = client.resources.isEmpty ? [Audience(issuer)] : client.resources
        guard !request.resources.isEmpty else { return [allowed[0]] }
        var audience: [Audience] = []
        for text in request.resources {
            guard let resource = try? Audience(text) else { throw .malformedResource }
            guard allowed.contains(resource) else { throw .resourceNotAllowed }
            if !audience.contains(resource) { audience.append(resource) }
        }
        return audience
    }
}
