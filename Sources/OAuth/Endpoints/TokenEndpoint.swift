package import AccessToken

/// The token endpoint, RFC 6749 section 3.2: what a token request gets.
package struct TokenEndpoint: Sendable {
    private let policy: IssuancePolicy
    private let sealer: RefreshTokenSealer

    /// - Parameter sealer: for refresh tokens.
    package init(policy: IssuancePolicy, sealer: RefreshTokenSealer) {
        self.policy = policy
        self.sealer = sealer
    }

    /// The whole way of a request to its token.
    ///
    /// - Parameters:
    ///   - authenticate: may wait, such as for a password hash or for the client's keys.
    ///   - sign: issues the access token of a grant, or one of an equal grant that may be reused. It may wait too.
    ///   - observe: is given what is known of the request as soon as it is known.
    package func answer(
        _ request: EndpointRequest, now: NumericDate,
        authenticate: (PresentedCredentials, EndpointRequest) async throws(TokenRefusal) -> AuthenticatedClient,
        sign: (AuthorizedGrant) async throws(TokenRefusal) -> IssuedAccessToken,
        observe: (RequestProgress) -> Void
    ) async throws(TokenRefusal) -> TokenResponse {
        let parsed = try TokenRequest(parsing: request)
        observe(.parsed(parsed.credentials, parsed.grantType))
        let client = try await authenticate(parsed.credentials, request)
        observe(.authenticated(client))
        let grant = try client.authorize(parsed, policy: policy, sealer: sealer, now: now)
        observe(.authorized(grant))
        let token = try await sign(grant)
        return try TokenResponse(token, sealer: sealer, now: now)
    }
}

/// What has just become known of a request.
package enum RequestProgress {
    /// The request is well-formed. The grant type is `nil` for a request for something else than a token.
    case parsed(PresentedCredentials, GrantType?)
    case authenticated(AuthenticatedClient)
    case authorized(AuthorizedGrant)
}
