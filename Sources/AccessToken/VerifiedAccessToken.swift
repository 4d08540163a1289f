public import JOSE

/// An access token that has passed every check of RFC 9068 section 4. Only verification can create one.
public struct VerifiedAccessToken: Sendable, Equatable {
    /// The claims that every access token has.
    public let claims: AccessTokenClaims
    /// The whole payload, with the issuer's own claims.
    public let payload: JSONObject

    /// Verifies `token` as RFC 9068 section 4 requires: signature, type, issuer, audience, time.
    ///
    /// - Parameters:
    ///   - keys: the issuer's published keys.
    ///   - audience: the identifier of the resource server.
    ///   - leeway: the tolerated difference between the clocks of issuer and verifier.
    ///   - maximumLength: in octets. A longer token is rejected before any of it is read.
    public init(
        verifying token: String, keys: JWKSet, issuer: Issuer, audience: Audience, now: NumericDate, leeway: Duration,
        maximumLength: Int = CompactJWS.defaultMaximumLength
    ) throws(AccessTokenRejection) {
        try self.init(
            Self.verifySignature(of: token, keys: keys, maximumLength), issuer: issuer, audience: audience, now: now,
            leeway: leeway)
    }

    /// For the issuer itself, which can introspect all of its tokens.
    ///
    /// - Parameters:
    ///   - verified: a JWS of any type, signed with one of the issuer's keys.
    ///   - audience: `nil` if every audience is accepted.
    package init(
        _ verified: VerifiedJWS, issuer: Issuer, audience: Audience?, now: NumericDate, leeway: Duration
    ) throws(AccessTokenRejection) {
        // RFC 9068 section 4
        guard verified.header.hasType("at+jwt") else { throw .wrongType }
        guard let payload = (try? JSONReader.read(verified.payload))?.object else { throw .signature(.malformed) }
        let claims = try AccessTokenClaims(reading: payload, issuer: issuer, audience: audience)
        guard claims.issuer == issuer else { throw .wrongIssuer }
        guard audience.map(claims.audience.contains) ?? true else { throw .wrongAudience }
        // RFC 7519 section 4.1.4: the current time must be before exp.
        guard now < claims.expiresAt + leeway else { throw .expired }
        // RFC 7519 section 4.1.5
        if payload["nbf"] != nil, now + leeway < (try AccessTokenClaims.date("nbf", of: payload)) { throw .notYetValid }
        self.claims = claims
        self.payload = payload
    }

    private static func verifySignature(
        of token: String, keys: JWKSet, _ maximumLength: Int
    ) throws(AccessTokenRejection) -> VerifiedJWS {
        do throws(JWSError) {
            return try CompactJWS(parsing: token, maximumLength: maximumLength).verified(by: keys)
        } catch {
            throw .signature(error)
        }
    }
}
