public import AccessToken
public import CoreMetrics
public import JOSE
import WireText

/// Verifies the tokens of several issuers.
///
/// The claim `iss`, not verified yet, chooses the verifier. That one alone checks the token, with its own keys, audiences
/// and rules, and compares `iss` again. For a token of an issuer that is not listed no signature
/// is checked and nothing is fetched.
public struct MultiIssuerVerifier: TokenVerifying {
    let verifiers: [AccessTokenVerifier]
    /// The schemes that any of the verifiers accepts.
    public let schemes: [AuthorizationScheme]
    /// The algorithms that any of the verifiers accepts.
    public let proofAlgorithms: [SignatureAlgorithm]
    private let maximumTokenLength: Int
    private let metrics: VerificationMetrics

    /// - Parameter metrics: counts the tokens of issuers that are not listed. Each verifier counts its own.
    /// - Throws: if the list is empty, or two verifiers have the same issuer.
    public init(
        _ verifiers: [AccessTokenVerifier], metrics: any MetricsFactory = MetricsSystem.factory
    ) throws(InvalidValue) {
        guard !verifiers.isEmpty else { throw InvalidValue("has no verifier") }
        guard Set(verifiers.map(\.issuer)).count == verifiers.count else {
            throw InvalidValue("has two verifiers for one issuer")
        }
        self.verifiers = verifiers
        self.metrics = VerificationMetrics(issuer: "unlisted", factory: metrics)
        schemes = AuthorizationScheme.allCases.filter { scheme in verifiers.contains { $0.schemes.contains(scheme) } }
        proofAlgorithms = SignatureAlgorithm.all.filter { algorithm in
            verifiers.contains { $0.proofAlgorithms.contains(algorithm) }
        }
        maximumTokenLength = verifiers.map(\.rules.maximumTokenLength).max() ?? 0
    }

    /// The issuers, in the order of their verifiers.
    public var issuers: [Issuer] { verifiers.map(\.issuer) }

    /// The realm of the first verifier.
    public var defaultRealm: String { verifiers[0].defaultRealm }

    /// Verifies a token from the `Authorization` field, without the scheme `Bearer`.
    public func verify(_ token: String) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        try await listed(token).verify(token)
    }

    /// Verifies a token of a request, and that its sender has the key that the token is bound to.
    public func verify(
        _ token: String, as scheme: AuthorizationScheme, in request: ProtectedResourceRequest
    ) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        try await listed(token).verify(token, as: scheme, in: request)
    }

    private func listed(_ token: String) throws(AccessTokenVerificationError) -> AccessTokenVerifier {
        do throws(AccessTokenRejection) { return try verifier(for: token) } catch {
            metrics.refuse(.rejected(error))
            throw .rejected(error)
        }
    }

    private func verifier(for token: String) throws(AccessTokenRejection) -> AccessTokenVerifier {
        let claims: JSONObject
        do throws(JWSError) {
            claims = try CompactJWS.unverifiedClaims(of: token, maximumLength: maximumTokenLength)
        } catch {
            throw .signature(error)
        }
        guard let issuer = claims["iss"]?.string else { throw .missingClaim("iss") }
        let listed = verifiers.first { $0.issuer.description.isSameText(as: issuer) }
        guard let listed else { throw .wrongIssuer }
        return listed
    }
}
