package import AccessToken

/// The token endpoint, RFC 6749 section 3.2.
package struct TokenEndpoint: Sendable {
    private let policy: IssuancePolicy
    private let sealer: RefreshTokenSealer

    /// - Parameter sealer: seals and opens refresh tokens.
    package init(policy: IssuancePolicy, sealer: RefreshTokenSealer) {
        self.policy = policy
        self.sealer = sealer
    }

    /// Answers a request: parses it, authenticates the client, authorizes the grant, and signs the access token.
    ///
    /// - Parameters:
    ///   - authenticate: authenticates the client. It may wait, such as for a password hash or for the client's keys.
    ///   - sign: issues the access token of a grant, or returns a reusable token of an equal grant. It may wait too.
    ///   - observe: is called after each step with its result.
    package func answer(
        _ request: EndpointRequest, now: NumericDate,
        authenticate: (PresentedCredentials, EndpointRequest) async throws(TokenRefusal) -> AuthenticatedClient,
        sign: (AuthorizedGrant) async throws(TokenRefusal) -> IssuedAccessToken,
        observe: (RequestProgress) -> Void
    ) async throws(TokenRefusal) -> TokenResponse {
        let parsed = try TokenRequest(parsing: request, observe: observe)
        observe(.parsed)
        let client = try await authenticate(parsed.credentials, request)
        observe(.authenticated(client))
        let grant = try client.authorize(parsed, policy: policy, sealer: sealer, now: now)
        observe(.authorized(grant))
        let token = try await sign(grant)
        return try TokenResponse(token, sealer: sealer, now: now)
    }
}
