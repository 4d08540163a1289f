public import JOSE

/// An access token that has passed every check of RFC 9068 section 4, or those of another ``TokenProfile``. Only
/// verification can create one.
public struct VerifiedAccessToken: Sendable, Equatable {
    /// The token itself, to send it to another resource server. Every program that has it can use it, so it
    /// belongs in no log.
    public let text: String
    /// The header. `jwk`, `jku`, `x5u` and `x5c` were not used.
    public let header: JOSEHeader
    /// The claims that are defined for every access token.
    public let claims: VerifiedClaims
    /// The whole payload, with the issuer's own claims.
    public let payload: JSONObject

    /// `kid` of the key that signed the token.
    public var keyID: String? { header.keyID }

    /// Verifies `text` as RFC 9068 section 4 requires: signature, type, issuer, audience, time.
    ///
    /// - Parameters:
    ///   - keys: the issuer's own keys.
    ///   - audience: the identifier of the resource server.
    ///   - leeway: the tolerated difference between the clocks of issuer and verifier.
    package init(
        verifying text: String, keys: JWKSet, issuer: Issuer, audience: Audience, profile: TokenProfile = .rfc9068,
        now: NumericDate, leeway: Duration
    ) throws(AccessTokenRejection) {
        let verified: VerifiedJWS
        do throws(JWSError) { verified = try CompactJWS(parsing: text).verified(by: keys) } catch {
            throw .signature(error)
        }
        try self.init(
            verified, text: text, issuer: issuer, audiences: [audience], profile: { _ in profile }, now: now,
            leeway: leeway)
    }

    /// - Parameters:
    ///   - verified: a JWS of any type, signed with one of the issuer's keys.
    ///   - text: what the JWS was read from.
    ///   - audiences: the identifiers of the resource server, of which the token must name one; `nil` if every audience is
    ///     accepted, as by an issuer that introspects its own tokens.
    ///   - profile: decides by the payload what is expected.
    package init(
        _ verified: VerifiedJWS, text: String, issuer: Issuer, audiences: [Audience]?,
        profile: (JSONObject) -> TokenProfile, now: NumericDate, leeway: Duration
    ) throws(AccessTokenRejection) {
        guard let payload = (try? JSONReader.read(verified.payload))?.object else { throw .signature(.malformed) }
        let profile = profile(payload)
        // RFC 9068 section 4
        guard profile.accepts(verified.header) else { throw .wrongType }
        let claims = try VerifiedClaims(reading: payload, issuer: issuer, profile: profile)
        guard claims.issuer == issuer else { throw .wrongIssuer }
        guard audiences.map({ $0.contains(where: claims.audience.contains) }) ?? true else { throw .wrongAudience }
        // RFC 7519 section 4.1.4: the current time must be before exp.
        guard now < claims.expiresAt + leeway else { throw .expired }
        // RFC 7519 section 4.1.5
        if let notBefore = claims.notBefore, now + leeway < notBefore { throw .notYetValid }
        self.text = text
        header = verified.header
        self.claims = consume claims
        self.payload = payload
    }
}

extension VerifiedAccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says what it is, and shows nothing of it: a log must not have the token.
    public var description: String { "a verified access token" }

    /// The same.
    public var debugDescription: String { description }

    /// The claims alone, for `dump`.
    public var customMirror: Mirror { Mirror(self, children: ["claims": claims]) }
}
