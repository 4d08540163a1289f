import AccessToken
package import JOSE
package import Libcrypto

/// The result of inspecting a text.
enum InspectedToken {
    case accessToken(VerifiedAccessToken)
    case refreshToken(LiveRefreshToken, issuedAt: NumericDate)
    /// A token of another issuer, an expired or void token, or no token at all.
    case inactive

    /// `nil` for an inactive token.
    var audience: [Audience]? {
        switch self {
        case .accessToken(let token): token.claims.audience
        case .refreshToken(let token, _): token.audience
        case .inactive: nil
        }
    }
}

/// Inspects texts that may be tokens of this issuer.
///
/// Each text costs one signature check and one attempt to open it as a refresh token, so that the time does not show
/// why a token is inactive. Tests compare the counts.
package struct TokenInspector: Sendable {
    /// The operations of an inspection.
    struct Work: Equatable {
        var signatures: [KeyType: Int] = [:]
        var openings = 0
    }

    private let keys: JWKSet
    private let clients: ClientRegistry
    private let policy: IssuancePolicy
    private let sealer: RefreshTokenSealer
    /// A JWS with a made-up signature that is as long as those of the signing key.
    let decoy: CompactJWS

    /// - Parameters:
    ///   - keys: the published keys.
    ///   - signingKey: one of them, which is tried if a text names no key.
    package init(
        keys: JWKSet, signingKey: SigningKey, clients: ClientRegistry, policy: IssuancePolicy,
        sealer: RefreshTokenSealer
    ) throws(KeyError) {
        self.keys = keys
        self.clients = clients
        self.policy = policy
        self.sealer = sealer
        let signature = signingKey.key.type.decoySignature
        let input = JWSSigningInput(encodedHeader: signingKey.encodedHeader, payload: [])
        do throws(JWSError) {
            decoy = try CompactJWS(parsing: input.compactText(with: signature))
        } catch {
            throw .unsupportedType
        }
    }

    var issuer: Issuer { policy.issuer }

    func inspect(_ text: String, now: NumericDate, work: inout Work) throws(TokenRefusal) -> InspectedToken {
        let accessToken = try accessToken(text, now: now, work: &work)
        let refreshToken = try refreshToken(text, work: &work)
        if let accessToken { return .accessToken(accessToken) }
        guard let refreshToken, let client = clients[refreshToken.clientID],
            let live = LiveRefreshToken(refreshToken, of: client, policy: policy, now: now)
        else { return .inactive }
        return .refreshToken(live, issuedAt: refreshToken.issuedAt)
    }

    /// Verifies the text as a resource server would, for any audience.
    private func accessToken(
        _ text: String, now: NumericDate, work: inout Work
    ) throws(TokenRefusal) -> VerifiedAccessToken? {
        let jws = try? CompactJWS(parsing: text)
        let possible = jws.flatMap { jws in key(of: jws).map(jws.canBeSigned(by:)) == true ? jws : nil }
        guard let verified = try verified(possible ?? decoy, work: &work), possible != nil else { return nil }
        return try? VerifiedAccessToken(
            verified, text: text, issuer: policy.issuer, audiences: nil, profile: { _ in .rfc9068 }, now: now,
            leeway: .zero)
    }

    private func verified(_ jws: CompactJWS, work: inout Work) throws(TokenRefusal) -> VerifiedJWS? {
        if let key = key(of: jws) { work.signatures[key.type, default: 0] += 1 }
        return try TokenRefusal.checking { () throws(JWSError) in try jws.verified(by: keys) }
    }

    private func key(of jws: CompactJWS) -> PublicKey? {
        keys.onlyKey(withID: jws.header.keyID, for: jws.header.algorithm)?.publicKey
    }

    private func refreshToken(_ text: String, work: inout Work) throws(TokenRefusal) -> RefreshToken? {
        do throws(LibcryptoError) {
            return try sealer.open(
                sealer.looksSealed(text) ? text : RefreshTokenSealer.decoy, attempts: &work.openings)
        } catch {
            throw .failure(error)
        }
    }
}
