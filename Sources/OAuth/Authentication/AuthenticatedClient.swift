/// A client that has proven who it is. It takes a ``MatchedSecret`` or a ``VerifiedAssertion`` to make one.
package struct AuthenticatedClient: Sendable {
    /// As the registry had it at that moment.
    package let client: Client
    /// How it did.
    package let method: TokenEndpointAuthenticationMethod

    init(_ proof: MatchedSecret) {
        client = proof.client
        method = proof.method
    }

    init(_ proof: VerifiedAssertion) {
        client = proof.client
        method = .privateKeyJWT
    }
}
