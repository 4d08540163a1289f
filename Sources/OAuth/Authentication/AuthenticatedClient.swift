import AccessToken

/// A client that has proven its identity. Creating one takes a ``SecretProof`` or an ``AssertionProof``, and only the
/// check of a secret or of an assertion creates those.
public struct AuthenticatedClient: Sendable {
    /// The client as it was registered when it authenticated.
    package let client: Client
    /// The method and the evidence that it authenticated with.
    package let evidence: ClientEvidence

    init(_ client: Client, _ method: TokenEndpointAuthenticationMethod, _ proof: SecretProof) {
        self.client = client
        evidence = ClientEvidence(method: method)
    }

    init(_ client: Client, _ proof: AssertionProof) {
        self.client = client
        evidence = ClientEvidence(method: .privateKeyJWT)
    }
}

/// What a client proved its identity with.
package struct ClientEvidence: Sendable, Hashable {
    /// `token_endpoint_auth_method`
    package let method: TokenEndpointAuthenticationMethod
    /// The key that the client holds and that its tokens are bound to; `nil` if the client proved no such key.
    package let confirmation: Confirmation?
    /// `sub` of the external issuer's token that the client authenticated with; `nil` without one.
    package let externalSubject: String?

    init(
        method: TokenEndpointAuthenticationMethod, confirmation: Confirmation? = nil, externalSubject: String? = nil
    ) {
        self.method = method
        self.confirmation = confirmation
        self.externalSubject = externalSubject
    }
}
