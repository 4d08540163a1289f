package import AccessToken
package import JOSE
package import Libcrypto
import WireText

/// What the token endpoint checks DPoP proofs by, beside the rules of RFC 9449 section 4.3 that need nothing of the service.
package struct DPoPPolicy: Sendable {
    /// The thumbprints of the service's own keys. A token that is bound to one of them is bound to no client.
    private let ownKeys: Set<ExactText>
    private let nonces: DPoPNonces?
    /// `alg` of the proofs that are accepted: `dpop_signing_alg_values_supported` of the metadata.
    let algorithms: [SignatureAlgorithm]
    /// The URL of the token endpoint in `mtls_endpoint_aliases`, RFC 8705 section 5, which `htu` may name too; `nil` if it is
    /// the usual one.
    let alias: TargetURI?

    /// - Parameters:
    ///   - ownKeys: the published keys.
    ///   - nonces: which proofs must have: `dpop.nonce`. `nil` if they need none.
    ///   - alias: the URL of the token endpoint for clients with certificates; `nil` if it is the usual one.
    ///   - profile: decides which algorithms proofs may have.
    package init(
        ownKeys: JWKSet = JWKSet([]), nonces: DPoPNonces? = nil, alias: String? = nil,
        profile: SecurityProfile = .standard
    ) throws(LibcryptoError) {
        algorithms = profile.algorithms
        self.alias = alias.flatMap { try? TargetURI($0) }
        var thumbprints: Set<ExactText> = []
        for key in ownKeys.keys { thumbprints.insert(ExactText(try key.thumbprint())) }
        self.ownKeys = thumbprints
        self.nonces = nonces
    }

    /// Whether proofs must have a nonce.
    var asksForNonces: Bool { nonces != nil }

    /// The nonce for the next proof of a client: `DPoP-Nonce`, RFC 9449 section 8.2. `nil` if proofs need none.
    package func nextNonce(now: NumericDate) -> String? { try? nonces?.make(now: now) }

    /// When the nonce of a proof was made; `nil` if proofs need none.
    ///
    /// - Throws: ``TokenRefusal/Code/useNonce`` for a proof without a good one, ``TokenRefusal/Code/serverError`` if the service
    ///   can make none.
    func time(ofNonceIn proof: UnverifiedDPoPProof, now: NumericDate) throws(TokenRefusal) -> NumericDate? {
        guard let nonces else { return nil }
        do throws(LibcryptoError) {
            if let nonce = proof.nonce, let time = try nonces.time(of: nonce, now: now) { return time }
        } catch {
            throw .failure(error)
        }
        do throws(SealingError) { _ = try nonces.make(now: now) } catch { throw .failure(error) }
        throw TokenRefusal(.useNonce)
    }

    func isOwn(_ thumbprint: String) -> Bool { ownKeys.contains(ExactText(thumbprint)) }
}
