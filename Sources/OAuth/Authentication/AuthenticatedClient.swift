import AccessToken

/// A client that has proven its identity. Creating one takes a ``SecretProof``, an ``AssertionProof``, an ``IdentityProof`` or
/// a ``CertificateProof``, and only the check of a secret, an assertion, a platform's token or a certificate creates those.
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

    /// - Parameter method: by which the certificate was checked.
    init(_ client: Client, _ method: TokenEndpointAuthenticationMethod, _ proof: CertificateProof) {
        self.client = client
        evidence = ClientEvidence(method: method)
    }

    init(_ client: Client, _ evidence: ClientEvidence, _ proof: IdentityProof) {
        self.client = client
        self.evidence = evidence
    }

    /// The same client, which has proven that it holds a key.
    init(_ other: AuthenticatedClient, holding proof: DPoPProof) {
        client = other.client
        var evidence = other.evidence
        evidence.confirmation = .key(thumbprint: proof.thumbprint)
        self.evidence = evidence
    }
}

/// What a client proved its identity with.
package struct ClientEvidence: Sendable, Hashable {
    /// `token_endpoint_auth_method`
    package let method: TokenEndpointAuthenticationMethod
    /// The key that the client holds and that its tokens are bound to; `nil` if the client proved no such key.
    package fileprivate(set) var confirmation: Confirmation?
    /// `sub` of the external issuer's token that the client authenticated with; `nil` without one.
    package let externalSubject: String?
    /// The external issuer's token, for the log; `nil` without one.
    package let identity: IdentityTrace?
    /// `claims_from_identity` with the values of that token, as ``JSONWriter/members(of:)`` writes members.
    let copiedClaims: [UInt8]

    init(
        method: TokenEndpointAuthenticationMethod, confirmation: Confirmation? = nil, externalSubject: String? = nil,
        identity: IdentityTrace? = nil, copiedClaims: [UInt8] = []
    ) {
        self.method = method
        self.confirmation = confirmation
        self.externalSubject = externalSubject
        self.identity = identity
        self.copiedClaims = copiedClaims
    }
}
