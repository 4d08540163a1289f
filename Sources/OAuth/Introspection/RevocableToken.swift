import AccessToken
import JOSE
import Libcrypto

/// A token of this issuer that its client may want to be revoked. It need not be good: what a change of the registration or of
/// the configuration has made inactive here may be accepted by a verifier.
struct RevocableToken {
    /// The client that the token was issued to.
    let owner: ClientID
    /// Whether it has been revoked already.
    let isRevoked: Bool
}

extension TokenInspector {
    /// A verifier may accept a token for so long after its `exp`, since its clock may be behind.
    private static let leeway: Duration = .seconds(60)

    /// - Returns: `nil` for a text that is no token of this issuer, and for an access token that has expired.
    func revocable(_ text: String, now: NumericDate) throws(TokenRefusal) -> RevocableToken? {
        if sealer.looksSealed(text) {
            let token: RefreshToken?
            do throws(LibcryptoError) { token = try sealer.open(text) } catch { throw .failure(error) }
            return token.map { token in
                let notBefore = clients[token.clientID]?.notBefore.refreshTokens ?? .never
                return RevocableToken(
                    owner: token.clientID, isRevoked: notBefore.revokes(token.firstIssuedAt, at: now))
            }
        }
        guard let jws = try? CompactJWS(parsing: text), Self.mayBeAccessToken(jws.header),
            let verified = try TokenRefusal.checking({ () throws(JWSError) in try jws.verified(by: keys) }),
            let token = try? VerifiedAccessToken(
                verified, text: text, issuer: policy.issuer, audiences: nil, profile: { _ in .jwt(type: nil) },
                now: now,
                leeway: Self.leeway),
            let owner = token.claims.clientID
        else { return nil }
        return RevocableToken(owner: owner, isRevoked: hasEnded(token, now: now))
    }
}
