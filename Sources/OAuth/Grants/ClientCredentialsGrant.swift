import AccessToken
import Libcrypto

extension AuthenticatedClient {
    /// `client_credentials`, RFC 6749 section 4.4.
    func clientCredentialsGrant(
        _ request: TokenRequest, policy: IssuancePolicy, now: NumericDate
    ) throws(TokenError) -> GrantedAccess {
        guard client.grantTypes.contains(.clientCredentials) else { throw .unauthorizedClient }
        let allowed = client.audiences(issuer: policy.issuer)
        let scope = try request.scope(within: client.scope)
        // Without a resource, RFC 9068 section 3 asks for a default.
        let audience = try request.audience(within: allowed) ?? [allowed[0]]
        return GrantedAccess(
            scope: scope, audience: audience,
            refreshToken: try firstRefreshToken(scope: scope, audience: audience, policy: policy, now: now))
    }

    /// RFC 6749 section 4.4.3 advises against one, so that it takes the client's registration to get one.
    private func firstRefreshToken(
        scope: Scope, audience: [Audience], policy: IssuancePolicy, now: NumericDate
    ) throws(TokenError) -> RefreshToken? {
        guard client.grantTypes.contains(.refreshToken) else { return nil }
        do throws(LibcryptoError) {
            return try RefreshToken(
                for: client.id, scope: scope, audience: audience, lifetime: policy.refreshTokenLifetime, now: now)
        } catch {
            throw .serverError
        }
    }
}
