package import AccessToken

/// The token endpoint, RFC 6749 section 3.2.
package struct TokenEndpoint: Sendable {
    private let policy: IssuancePolicy
    private let sealer: RefreshTokenSealer
    private let proofs: DPoPPolicy

    /// - Parameters:
    ///   - sealer: seals and opens refresh tokens.
    ///   - proofs: decides about DPoP proofs.
    package init(policy: IssuancePolicy, sealer: RefreshTokenSealer, proofs: DPoPPolicy) {
        self.policy = policy
        self.sealer = sealer
        self.proofs = proofs
    }

    /// Answers a request: parses it, authenticates the client, admits its request and checks its DPoP proof, authorizes the
    /// grant, and signs the access token.
    ///
    /// - Parameters:
    ///   - authenticate: authenticates the client. It may wait, such as for a password hash or for the client's keys.
    ///   - admit: counts the request of a client that has authenticated; throws if the client makes too many.
    ///   - useProof: records the use of a DPoP proof at a time. It may wait, such as for a store that replicas share.
    ///   - sign: issues the access token of a grant, or returns a reusable token of an equal grant. It may wait too.
    ///   - observe: is called after each step with its result.
    package func answer(
        _ request: EndpointRequest, now: NumericDate,
        authenticate: (PresentedCredentials, EndpointRequest) async throws(TokenRefusal) -> AuthenticatedClient,
        admit: (Client) throws(TokenRefusal) -> Void = { _ in },
        useProof: (UsedAssertion, NumericDate) async throws(TokenRefusal) -> AssertionUse,
        sign: (AuthorizedGrant) async throws(TokenRefusal) -> IssuedAccessToken,
        observe: (RequestProgress) -> Void
    ) async throws(TokenRefusal) -> TokenResponse {
        let parsed = try TokenRequest(parsing: request, observe: observe)
        let proof = try PresentedProof(of: request, policy: proofs, now: now)
        observe(.parsed)
        var client = try await authenticate(parsed.credentials, request)
        observe(.authenticated(client))
        // No stranger can use up what a client may do, and what is over it costs no signature.
        try admit(client.client)
        if let proof {
            client = try await proof.bind(client, now: now, use: useProof)
            if let confirmation = client.evidence.confirmation { observe(.bound(confirmation)) }
        } else if client.client.requiresProof {
            // RFC 9449 section 5.2
            throw TokenRefusal(.missingProof)
        }
        let grant = try client.authorize(parsed, policy: policy, sealer: sealer, now: now)
        observe(.authorized(grant))
        let token = try await sign(grant)
        return try TokenResponse(token, sealer: sealer, now: now)
    }
}
