package import AccessToken
package import JOSE
import WireText

/// Proof that a trusted issuer signed a token for this service, and that it is of one client. Only the check of such a token
/// creates one.
struct IdentityProof {
    fileprivate init() {}
}

/// A platform's token whose signature is not checked yet, since the keys of its issuer may have to be fetched.
public struct PendingIdentityCheck: Sendable {
    let presented: PresentedIdentity
    let registry: IdentityRegistry
    package let now: NumericDate
    /// The issuer whose keys, and no others, may have signed it.
    package let issuer: TrustedIssuer

    /// - Throws: what is refused without a key: a token of this service, of an unknown issuer, or signed in another way than
    ///   its issuer does.
    init(
        _ presented: PresentedIdentity, _ registry: IdentityRegistry, now: NumericDate
    ) throws(AuthenticationFailure) {
        let (token, header) = (presented.token, presented.token.jws.header)
        guard token.claims["iss"]?.string?.isSameText(as: registry.service.description) != true else {
            throw AuthenticationFailure(.notAccepted, cause: .ownToken)
        }
        guard let issuer = registry.issuer(token.issuer) else {
            throw AuthenticationFailure(.notAccepted, cause: .unknownIssuer)
        }
        self.presented = presented
        self.registry = registry
        self.now = now
        self.issuer = issuer
        // RFC 8725 section 3.11: a token for another purpose names it in `typ`. JWT-SVID section 2.3: JWT or JOSE.
        guard header.type == nil || header.hasType("jwt") || header.hasType("jose") else {
            throw Self.failure(.assertionHeaderType, IdentityTrace(issuer: issuer.name))
        }
        guard issuer.accepts(header.algorithm) else {
            throw Self.failure(.identityAlgorithm, IdentityTrace(issuer: issuer.name))
        }
    }

    /// The check of the same token with other issuers and clients, such as those that are registered after its keys were
    /// waited for.
    package func renewed(in registry: IdentityRegistry) throws(AuthenticationFailure) -> PendingIdentityCheck {
        try PendingIdentityCheck(presented, registry, now: now)
    }

    /// Every trusted issuer.
    package var trusted: [TrustedIssuer] { registry.all }

    /// `kid` of the token.
    package var keyID: String? { presented.token.jws.header.keyID }

    /// What the log reports of the token before it is verified.
    package var trace: IdentityTrace { IdentityTrace(issuer: issuer.name) }

    /// Whether `keys` has no key to check the signature with, so that fetching them again may help.
    package func lacksKey(in keys: JWKSet) -> Bool { keys.candidates(for: presented.token.jws.header).isEmpty }

    /// Whether fetching `keys` again may help after the signature was checked with them in vain.
    package func mayNameNewerKey(than keys: JWKSet) -> Bool {
        keys.mayPrecedeKey(namedBy: presented.token.jws.header)
    }

    /// Checks signature, audience and time (RFC 7523 section 3), and finds the client. Whether a token that is good once was
    /// used before is the last rule.
    ///
    /// - Parameter keys: those of ``issuer``.
    /// - Throws: ``TokenRefusal/Code/serverError`` if libcrypto fails. It says nothing about the token, and has its trace.
    package func run(keys: JWKSet) throws(TokenRefusal) -> AssertionCheck {
        do throws(TokenRefusal) { return try checked(keys) } catch { throw error.about(trace) }
    }

    private func checked(_ keys: JWKSet) throws(TokenRefusal) -> AssertionCheck {
        let token = presented.token
        let candidates = keys.candidates(for: token.jws.header)
        guard !candidates.isEmpty else { return .refused(Self.failure(.identityNoSuchKey, trace)) }
        guard try isSigned(byOneOf: candidates) else { return .refused(Self.failure(.identitySignature, trace)) }
        var trace = IdentityTrace(issuer: issuer.name, subject: token.subject)
        if let cause = brokenRule() { return .refused(Self.failure(cause, trace)) }
        let rule: IdentityRegistry.Rule
        switch registry.rule(for: token, of: issuer, named: presented.clientID) {
        case .failure(let cause): return .refused(Self.failure(cause, trace))
        case .success(let found): rule = found
        }
        trace = IdentityTrace(issuer: issuer.name, subject: token.subject, rule: rule.identity.description)
        let client = rule.client
        guard presented.way.method.map(client.accepts) ?? true else {
            return .refused(Self.failure(.wrongMethod, trace))
        }
        let copied = client.copiedClaims.copied(from: token.claims)
        guard copied.count <= [CopiedClaim].longestCopy else {
            return .refused(Self.failure(.identityClaimsTooLong, trace))
        }
        if issuer.isSingleUse, token.tokenID == nil { return .refused(Self.failure(.identityWithoutID, trace)) }
        let evidence = ClientEvidence(
            method: presented.way.method ?? .privateKeyJWT, externalSubject: token.subject, identity: trace,
            copiedClaims: copied)
        let authenticated = AuthenticatedClient(client, evidence, IdentityProof())
        // It comes last, so that only a token that meets every other rule is recorded.
        guard let used = used(by: client) else { return .accepted(authenticated) }
        return .unrecorded(UnrecordedAssertion(used, of: authenticated))
    }

    private func isSigned(byOneOf candidates: [JWK]) throws(TokenRefusal) -> Bool {
        let jws = presented.token.jws
        for key in candidates.filter({ jws.canBeSigned(by: $0.publicKey) })
            .prefix(PendingAssertionCheck.mostKeysTried)
        {
            let verified = try TokenRefusal.checking { () throws(JWSError) in try jws.verified(by: key) }
            if verified != nil { return true }
        }
        return false
    }

    /// The first rule of RFC 7523 section 3 that a token with a valid signature breaks.
    private func brokenRule() -> RefusalCause? {
        let token = presented.token
        // Number 3; RFC 3986 section 6.2.1: compared octet for octet.
        guard token.audience?.isSameText(as: issuer.audience(of: registry.service)) == true else {
            return .identityAudience
        }
        // Numbers 4 and 6: it lives no longer than its issuer's tokens do, is not from the future, and has not expired.
        guard token.issuedAt < token.expiresAt, token.expiresAt <= token.issuedAt + issuer.longestLifetime else {
            return .identityLifetime
        }
        guard token.issuedAt <= now + issuer.leeway else { return .identityNotYetValid }
        guard now < token.expiresAt + issuer.leeway else { return .identityExpired }
        // Number 5.
        if let notBefore = token.notBefore, now + issuer.leeway < notBefore { return .identityNotYetValid }
        return nil
    }

    /// Number 7: an issuer may promise that no two of its tokens have one `jti`. Whichever client a token is of, it is good once.
    private func used(by client: Client) -> UsedAssertion? {
        let token = presented.token
        guard let tokenID = token.tokenID else { return nil }
        return UsedAssertion(
            tokenID: tokenID, clientID: client.id, maker: .issuer(issuer.identifier), issuedAt: token.issuedAt,
            expiresAt: token.expiresAt + issuer.leeway, isSingleUse: issuer.isSingleUse,
            longestUse: issuer.longestLifetime + issuer.leeway * 2, leeway: issuer.leeway)
    }

    private static func failure(_ cause: RefusalCause, _ trace: IdentityTrace) -> AuthenticationFailure {
        var failure = AuthenticationFailure(.notAccepted, cause: cause)
        failure.identity = trace
        return failure
    }
}
