public import AccessToken
public import JOSE

/// What verifies access tokens for a resource server: ``AccessTokenVerifier`` for one issuer, and
/// ``MultiIssuerVerifier`` for several.
public protocol TokenVerifying: Sendable {
    /// Verifies a token from the `Authorization` field, without the scheme `Bearer`.
    /// Nothing is known of its sender, so that a token which is bound to a key is refused.
    func verify(_ token: String) async throws(AccessTokenVerificationError) -> VerifiedAccessToken

    /// Verifies a token of a request, and that its sender has the key that the token is bound to.
    ///
    /// - Parameters:
    ///   - token: from the `Authorization` field, without its scheme.
    ///   - scheme: of that field.
    ///   - request: has the DPoP proof and the certificate of the sender. Its `Authorization` fields are not read again.
    func verify(
        _ token: String, as scheme: AuthorizationScheme, in request: ProtectedResourceRequest
    ) async throws(AccessTokenVerificationError) -> VerifiedAccessToken

    /// The schemes with which a token can be presented, for challenges.
    var schemes: [AuthorizationScheme] { get }

    /// The accepted signature algorithms of DPoP proofs, for challenges.
    var proofAlgorithms: [SignatureAlgorithm] { get }

    /// What challenges name as `realm` by default, RFC 9110 section 11.5: an identifier of the resource server.
    var defaultRealm: String { get }
}

extension TokenVerifying {
    /// `Bearer` alone, for a type that checks no DPoP proofs.
    public var schemes: [AuthorizationScheme] { [.bearer] }

    /// None, for a type that checks no DPoP proofs.
    public var proofAlgorithms: [SignatureAlgorithm] { [] }

    /// Verifies a bearer token as ``verify(_:)`` does, and refuses every other, for a type that checks no DPoP proofs.
    public func verify(
        _ token: String, as scheme: AuthorizationScheme, in request: ProtectedResourceRequest
    ) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        guard scheme == .bearer else { throw .rejected(.boundToKey) }
        return try await verify(token)
    }
}
