public import AccessToken
import JOSE
import Libcrypto

/// The DPoP key of a client, for the tests of programs that accept bound tokens.
///
/// A request has the fields `Authorization: DPoP TOKEN`, with a token whose `cnf.jkt` is ``thumbprint``, and `DPoP: PROOF`.
public struct TestDPoPKey: Sendable {
    private let signer: DPoPProofSigner

    /// A new key on P-256.
    public init() throws { signer = try DPoPProofSigner(SignatureAlgorithm.es256.makeKey(), algorithm: .es256) }

    /// The RFC 7638 thumbprint, to which `cnf.jkt` binds a token.
    public var thumbprint: String { signer.thumbprint }

    /// A new proof, RFC 9449 section 4.2.
    ///
    /// - Parameters:
    ///   - method: of the request.
    ///   - url: of the request.
    ///   - token: the access token of the request; `nil` for a proof without `ath`.
    ///   - nonce: what the server gave in `DPoP-Nonce`; `nil` without.
    ///   - now: `iat`
    public func proof(
        method: String, url: String, token: String?, nonce: String? = nil, now: NumericDate = .now
    ) throws -> String {
        try signer.proof(method: method, target: TargetURI(url), accessToken: token, nonce: nonce, now: now)
    }
}
