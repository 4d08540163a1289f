import AccessToken
import JOSE
import Libcrypto

/// Tokens that no client has. An inspector reads them in place of a text that is no token, so that it takes as long as a
/// token that is inactive.
struct DecoyTokens: Sendable {
    /// An access token that has expired. Its signature is that of a key that is discarded.
    let accessToken: VerifiedJWS
    /// A refresh token that has expired, and its client.
    let refreshToken: RefreshToken
    let client: Client

    init(issuer: Issuer) throws(KeyError) {
        do {
            let id = try ClientID("decoy")
            let (scope, audience) = (try Scope("site.read site.write"), [Audience(issuer)])
            let claims = AccessTokenClaims(
                issuer: issuer, subject: id.description, audience: audience, expiresAt: NumericDate(900),
                issuedAt: NumericDate(0), tokenID: try TokenID().description, clientID: id, scope: scope)
            accessToken = try Self.signed(claims)
            refreshToken = try RefreshToken(
                for: id, scope: scope, audience: audience, lifetime: .seconds(900), now: NumericDate(0))
            client = try Client(id: id, secrets: [], grantTypes: [.refreshToken], scope: scope)
        } catch let error as KeyError {
            throw error
        } catch let error as LibcryptoError {
            throw .libcrypto(error)
        } catch {
            throw .unsupportedType
        }
    }

    private static func signed(_ claims: AccessTokenClaims) throws -> VerifiedJWS {
        let privateKey = try SignatureAlgorithm.ed25519.makeKey()
        let key = try SigningKey(privateKey, keyID: "decoy", algorithm: .ed25519)
        let input = JWSSigningInput(encodedHeader: key.encodedHeader, payload: claims.json())
        let signature = try SigningContext(key: privateKey, scheme: key.scheme).sign(input.octets.span)
        return try CompactJWS(parsing: input.compactText(with: signature))
            .verified(by: JWK(privateKey.publicKey, keyID: nil, algorithm: nil))
    }
}
