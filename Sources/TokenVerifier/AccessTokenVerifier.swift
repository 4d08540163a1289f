public import AccessToken
import JOSE
import RemoteKeys

/// Decides for a resource server whether a bearer token may be believed, RFC 9068 section 4, without asking the issuer
/// about each.
public struct AccessTokenVerifier: Sendable {
    private let issuer: Issuer
    private let audience: Audience
    private let keys: KeySource
    private let leeway: Duration
    private let now: @Sendable () -> NumericDate

    /// - Parameters:
    ///   - issuer: the only issuer that is believed.
    ///   - audience: the identifier of this resource server, which a token must name.
    ///   - keys: the issuer's keys.
    ///   - leeway: how far the clocks of issuer and resource server may be apart.
    ///   - now: the clock.
    public init(
        issuer: Issuer, audience: Audience, keys: KeySource, leeway: Duration = .seconds(30),
        now: @escaping @Sendable () -> NumericDate = { .now }
    ) {
        self.issuer = issuer
        self.audience = audience
        self.keys = keys
        self.leeway = leeway
        self.now = now
    }

    /// Verifies a token as it stands in the `Authorization` header, without `Bearer`.
    public func verify(_ token: String) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        switch keys {
        case .fixed(let keys): try verify(token, with: keys)
        case .remote(let remote): try await verify(token, with: remote)
        }
    }

    /// A key that is not in the set may be a new one: the set is then asked for once more.
    private func verify(
        _ token: String, with remote: RemoteKeySet
    ) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        do throws(AccessTokenVerificationError) {
            return try verify(token, with: try await keys(remote.keys))
        } catch {
            guard case .rejected(.signature(.noSingleKey)) = error else { throw error }
            return try verify(token, with: try await keys(remote.refreshed))
        }
    }

    private func keys(
        _ get: () async throws(KeySetFetchError) -> JWKSet
    ) async throws(AccessTokenVerificationError) -> JWKSet {
        do throws(KeySetFetchError) { return try await get() } catch { throw .noKeys(error) }
    }

    private func verify(
        _ token: String, with keys: JWKSet
    ) throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        do throws(AccessTokenRejection) {
            return try VerifiedAccessToken(
                verifying: token, keys: keys, issuer: issuer, audience: audience, now: now(), leeway: leeway)
        } catch {
            throw .rejected(error)
        }
    }
}
