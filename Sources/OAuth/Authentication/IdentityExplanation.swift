import AccessToken
package import JOSE
import WireText

/// Why a platform's token is refused, in words that an operator can act on. It has values of the token only if its signature
/// was verified.
package struct IdentityExplanation: Sendable {
    /// One sentence without a full stop.
    package let message: String
    /// Further lines, such as what each identity expects.
    package let details: [String]
    /// What the operator can do about it.
    package let hint: String?

    package init(_ message: String, details: [String] = [], hint: String? = nil) {
        self.message = message
        self.details = details
        self.hint = hint
    }

    /// What is refused before the issuer is known.
    ///
    /// - Parameter issuers: the trusted ones.
    package init(_ cause: RefusalCause, issuers: [TrustedIssuer]) {
        let names = issuers.map { "\($0.name) (\($0.identifier))" }.sorted().joined(separator: ", ")
        switch cause {
        case .unknownIssuer, .assertionIssuer:
            self.init(
                "iss is the identifier of no trusted issuer",
                details: ["trusted are, octet for octet: \(names.isEmpty ? "none" : names)"],
                hint: "add the issuer to issuers.yaml, or name it there exactly as the token does")
        case .ownToken:
            self.init("iss is this service: its own tokens are no identities")
        case .identityAlgorithm, .assertionAlgorithm:
            self.init(
                "alg is none that is accepted",
                hint:
                    "`algorithms` of the issuer may be any of \(SignatureAlgorithm.all.map(\.name).joined(separator: ", "))"
            )
        case .assertionHeaderType: self.init("typ is neither JWT nor JOSE: the token is for another purpose")
        case .identityMalformed:
            self.init(
                "it is no signed JWT; or iss, sub, exp or iat is missing, or one of them or nbf is of another type; or, for "
                    + "jwt-spiffe, sub is no SPIFFE ID")
        case .assertionSubject: self.init("sub is missing, or is no client of this service")
        default: self.init("it is not a signed JWT (\(cause.rawValue))")
        }
    }
}

extension PendingIdentityCheck {
    /// Explains a failure of ``run(keys:use:)`` with these keys.
    package func explanation(of cause: RefusalCause, keys: JWKSet) -> IdentityExplanation {
        let token = presented.token
        switch cause {
        case .identityNoSuchKey:
            let known = keys.keys.map { $0.keyID.map { "\"\($0)\"" } ?? "without kid" }.joined(separator: ", ")
            return IdentityExplanation(
                "no key of the issuer \(issuer.name) has the kid and the algorithm of the token",
                details: ["its keys are: \(known.isEmpty ? "none" : known)"])
        case .identitySignature:
            return IdentityExplanation("no key of the issuer \(issuer.name) made the signature")
        case .identityAudience:
            let found = token.claims["aud"].map(\.jsonText) ?? "missing"
            return IdentityExplanation(
                "aud is \(found), and not \(JSONValue.string(issuer.audience(of: registry.service)).jsonText) alone",
                hint: "let the platform make the token for this audience, or set `audience` of the issuer")
        case .identityLifetime:
            return IdentityExplanation(
                "exp is \(token.expiresAt.rfc3339) and iat \(token.issuedAt.rfc3339): it lives longer than "
                    + "\(issuer.longestLifetime.components.seconds) s, or ends before it begins",
                hint: "set `longest_lifetime` of the issuer, if its tokens live that long")
        case .identityNotYetValid:
            let begin = max(token.issuedAt, token.notBefore ?? token.issuedAt)
            return IdentityExplanation(
                "iat or nbf is \(begin.rfc3339), which is later than now, \(now.rfc3339), by more than "
                    + "\(issuer.leeway.components.seconds) s", hint: "look at the clocks")
        case .identityExpired:
            return IdentityExplanation("exp is \(token.expiresAt.rfc3339): it has expired")
        case .identityWithoutID:
            return IdentityExplanation("jti is missing, and single_use of the issuer \(issuer.name) asks for it")
        case .identityClaimsTooLong:
            return IdentityExplanation(
                "claims_from_identity would copy more than \([CopiedClaim].longestCopy) octets into each access token")
        case .wrongMethod:
            return IdentityExplanation(
                "the client has no identities, or its token_endpoint_auth_method allows another way alone")
        case .grantTypeNotAllowed:
            return IdentityExplanation(
                "grant_types of the client has no grant that a token can be used with in this way",
                hint: "for the token as the grant itself, add \(GrantType.jwtBearer.rawValue) to grant_types")
        case .unknownClient: return IdentityExplanation("there is no client with this client_id")
        case .ambiguousIdentity:
            let clients = Set(
                registry.candidates(for: token, of: issuer).filter { token.has($0.identity) }.map(\.client.id))
            return IdentityExplanation(
                "the token is of several clients: \(clients.map(\.description).sorted().joined(separator: ", "))",
                hint: "pin more, or let the request have client_id")
        case .identityMismatch, .noMatchingClient: return mismatchExplanation(cause)
        default: return IdentityExplanation("it is refused (\(cause.rawValue))")
        }
    }

    /// The identities that come nearest, each with the first of its claims that differs.
    private func mismatchExplanation(_ cause: RefusalCause) -> IdentityExplanation {
        let token = presented.token
        let rules = registry.rules(of: issuer, client: presented.clientID, most: 10_000)
        func matches(_ rule: IdentityRegistry.Rule) -> Int { rule.identity.claims.count { $0.matches(token.claims) } }
        let nearest = rules.map { ($0, matches($0)) }.sorted { $0.1 > $1.1 }.prefix(5).map(\.0)
        let details = nearest.compactMap { rule -> String? in
            guard let mismatch = rule.identity.mismatch(subject: token.subject, claims: token.claims) else {
                return nil
            }
            let accepted = mismatch.accepted.map(\.jsonText).joined(separator: " or ")
            let found = mismatch.found.map(\.jsonText) ?? "missing"
            return "client \(rule.client.id): \(mismatch.claim) is \(found), and not \(accepted)"
        }
        guard !details.isEmpty else {
            return IdentityExplanation(
                "no client has an identity of the issuer \(issuer.name)",
                hint: "`writ clients add ID --identity issuer=\(issuer.name),CLAIM=VALUE`")
        }
        return IdentityExplanation(
            cause == .noMatchingClient
                ? "no client has the identity of this token" : "the client has another identity than this token",
            details: details)
    }
}
