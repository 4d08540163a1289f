package import AccessToken
package import JOSE

/// The introspection endpoint, RFC 7662 section 2.
package struct IntrospectionEndpoint: Sendable {
    private let inspector: TokenInspector
    private let key: SigningKey

    /// - Parameter key: signs the answers that are JWTs.
    package init(inspector: TokenInspector, key: SigningKey) {
        self.inspector = inspector
        self.key = key
    }

    /// Answers a request: parses it, authenticates the client, inspects the token, and signs the answer if it is a JWT.
    ///
    /// - Parameters:
    ///   - authenticate: authenticates the client. It may wait, such as for a password hash or for the client's keys.
    ///   - sign: signs a JWT answer. It may wait too.
    ///   - observe: is called after each step with its result.
    package func answer(
        _ request: EndpointRequest, now: NumericDate,
        authenticate: (PresentedCredentials, EndpointRequest) async throws(TokenRefusal) -> AuthenticatedClient,
        sign: (JWSSigningInput, SigningKey, ClientID) async throws(TokenRefusal) -> [UInt8],
        observe: (RequestProgress) -> Void
    ) async throws(TokenRefusal) -> IntrospectionResponse {
        let parsed = try IntrospectionRequest(parsing: request, observe: observe)
        observe(.parsed)
        let client = try await authenticate(parsed.credentials, request)
        observe(.authenticated(client))
        let introspection = try client.introspect(parsed, with: inspector, now: now)
        guard parsed.wantsJWT else {
            return IntrospectionResponse(body: introspection.json, mediaType: "application/json")
        }
        let unsigned = UnsignedIntrospection(introspection, issuer: inspector.issuer, key: key, now: now)
        let signature = try await sign(unsigned.signingInput, unsigned.key, client.client.id)
        return IntrospectionResponse(
            body: unsigned.signingInput.compact(with: signature), mediaType: IntrospectionRequest.jwtMediaType)
    }
}

/// A successful answer of the introspection endpoint.
package struct IntrospectionResponse: Sendable {
    /// A JSON object, or a JWT in compact serialization (RFC 9701 section 5).
    package let body: [UInt8]
    /// `Content-Type`
    package let mediaType: String
}
