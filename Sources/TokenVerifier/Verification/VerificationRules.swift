public import AccessToken
public import JOSE

/// What a verifier demands of tokens beside a valid signature of the issuer, its audience and its time.
public struct VerificationRules: Sendable {
    /// The type and the claims of the tokens.
    public var profile: TokenProfile
    /// The accepted signature algorithms, RFC 8725 section 3.1. A token with another one is refused before a key is
    /// looked for. A published key is used with one algorithm: that of its `alg`, else the first of these that accepts
    /// the key. So an RSA key without `alg` is for RS256 by default, and with `[.ps256]` for PS256.
    public var algorithms: [SignatureAlgorithm]
    /// The tolerated difference between the clocks of issuer and resource server.
    public var leeway: Duration
    /// The longest time since `iat`; `nil` for no limit. With a limit a token without `iat` is refused.
    public var maximumAge: Duration?
    /// Names of further claims that must be there, with a value that is not `null`.
    public var requiredClaims: [String]
    /// In octets; a longer token is refused before any of it is read.
    public var maximumTokenLength: Int
    /// How the verifier checks, for each request, that the sender has the key that `cnf` binds the token to. A `cnf` with a
    /// member that it does not understand is refused.
    public var confirmation: ConfirmationRules
    /// Whether the verifier looks up, for each request, if the token was revoked.
    public var statusLists: StatusListRules
    /// A check of the resource server's own, after all others and for each request. It returns the reason for a refusal,
    /// or `nil`. The reason is shown to the client.
    ///
    /// It must not wait. What has to, such as a look into a database, belongs after the verification.
    public var check: (@Sendable (VerifiedAccessToken) -> String?)?

    /// The defaults are: tokens of RFC 9068, all algorithms of ``SignatureAlgorithm/all`` (none of them is symmetric),
    /// a leeway of 30 seconds, no limit of age, tokens of at most 16 KiB, tokens that are bound to a key or to none, and no Status Lists.
    public init(
        profile: TokenProfile = .rfc9068, algorithms: [SignatureAlgorithm] = SignatureAlgorithm.all,
        leeway: Duration = .seconds(30), maximumAge: Duration? = nil, requiredClaims: [String] = [],
        maximumTokenLength: Int = CompactJWS.defaultMaximumLength,
        confirmation: ConfirmationRules = ConfirmationRules(), statusLists: StatusListRules = .ignored,
        check: (@Sendable (VerifiedAccessToken) -> String?)? = nil
    ) {
        self.profile = profile
        self.algorithms = algorithms
        self.leeway = leeway
        self.maximumAge = maximumAge
        self.requiredClaims = requiredClaims
        self.maximumTokenLength = maximumTokenLength
        self.confirmation = confirmation
        self.statusLists = statusLists
        self.check = check
    }
}

extension VerificationRules {
    /// Checks what stays the same as long as the token is valid.
    func checkOnce(_ token: VerifiedAccessToken) throws(AccessTokenRejection) {
        for name in requiredClaims {
            guard let value = token.payload[name], value != .null else { throw .missingClaim(name) }
        }
    }

    /// Checks that a token that was verified earlier has not expired since (RFC 7519 section 4.1.4), and its age.
    func checkAgain(_ token: VerifiedAccessToken, now: NumericDate) throws(AccessTokenRejection) {
        guard now < token.claims.expiresAt + leeway else { throw .expired }
        try checkAge(of: token, now: now)
    }

    func checkAge(of token: VerifiedAccessToken, now: NumericDate) throws(AccessTokenRejection) {
        if let maximumAge {
            guard let issuedAt = token.claims.issuedAt else { throw .missingClaim("iat") }
            guard issuedAt <= now + leeway else { throw .notYetValid }
            guard now <= issuedAt + maximumAge + leeway else { throw .tooOld }
        }
    }

    /// The check of the resource server's own, which is the last of all.
    func checkOwn(_ token: VerifiedAccessToken) throws(AccessTokenRejection) {
        if let reason = check?(token) { throw .refused(reason) }
    }
}
