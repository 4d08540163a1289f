import AccessToken
import Libcrypto

extension AuthenticatedClient {
    /// `refresh_token`, RFC 6749 section 6: the access token may be for less than what was granted first, never for more.
    func refreshGrant(
        _ request: TokenRequest, policy: IssuancePolicy, sealer: RefreshTokenSealer, now: NumericDate
    ) throws(TokenError) -> GrantedAccess {
        let presented = try presentedToken(request, sealer)
        guard let presented, let live = LiveRefreshToken(presented, of: client, policy: policy, now: now) else {
            // A client that never was allowed to refresh is told so; one that was has a token that is void now.
            let knowsRefreshing = client.grantTypes.contains(.refreshToken) || presented?.clientID == client.id
            throw knowsRefreshing ? .invalidGrant : .unauthorizedClient
        }
        // RFC 6749 section 6: a new refresh token has the scope of the old one, however little was asked for this time.
        return GrantedAccess(
            scope: try request.scope(within: live.scope),
            audience: try request.audience(within: live.audience) ?? live.audience,
            refreshToken: presented.next(scope: live.scope, audience: live.audience, now: now))
    }

    private func presentedToken(
        _ request: TokenRequest, _ sealer: RefreshTokenSealer
    ) throws(TokenError) -> RefreshToken? {
        guard let text = request.refreshToken else { throw .missingRefreshToken }
        do throws(LibcryptoError) { return try sealer.open(text) } catch { throw .serverError }
    }
}
