package import AccessToken

/// The revocation endpoint, RFC 7009 section 2. Writ keeps no tokens, so it revokes everything that the client has got up to now:
/// section 2.1 allows an issuer to revoke related tokens too.
package struct RevocationEndpoint: Sendable {
    private let inspector: TokenInspector

    package init(inspector: TokenInspector) { self.inspector = inspector }

    /// Answers a request: parses it, authenticates the client, inspects the token, and revokes what the client has.
    ///
    /// RFC 7009 section 2.2: a text that is no token of this issuer, or one that has ended, needs no revocation. It is no error.
    ///
    /// - Parameters:
    ///   - authenticate: authenticates the client. It may wait, such as for a password hash or for the client's keys.
    ///   - revoke: revokes the tokens of the client.
    ///   - observe: is called after each step with its result.
    package func answer(
        _ request: EndpointRequest, now: NumericDate,
        authenticate: (PresentedCredentials, EndpointRequest) async throws(TokenRefusal) -> AuthenticatedClient,
        revoke: (Client) async throws(TokenRefusal) -> Void,
        observe: (RequestProgress) -> Void
    ) async throws(TokenRefusal) {
        let parsed = try RequestAboutToken(parsing: request, observe: observe)
        observe(.parsed)
        let authenticated = try await authenticate(parsed.credentials, request)
        observe(.authenticated(authenticated))
        let client = authenticated.client
        guard let token = try inspector.revocable(parsed.token, now: now) else { return }
        guard token.owner == client.id else { throw TokenRefusal(.tokenOfAnotherClient) }
        guard !token.isRevoked else { return }
        try await revoke(client)
    }
}
