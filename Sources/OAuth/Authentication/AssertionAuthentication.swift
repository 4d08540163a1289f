package import AccessToken
package import JOSE
import Libcrypto
import WireText

/// Proof that a client signed an assertion for this service just now. Only the check of an assertion creates one.
struct AssertionProof {
    fileprivate init() {}
}

/// An assertion whose signature is not checked yet, since the client's keys may have to be fetched.
public struct PendingAssertionCheck: Sendable {
    private let assertion: ClientAssertion
    private let client: Client?
    private let decoys: AssertionDecoys
    package let now: NumericDate

    init(_ assertion: ClientAssertion, client: Client?, decoys: AssertionDecoys, now: NumericDate) {
        self.assertion = assertion
        self.client = client
        self.decoys = decoys
        self.now = now
    }

    /// The check of the same assertion with other clients, such as those that are registered after the keys were waited for.
    package func renewed(in clients: ClientRegistry) -> PendingAssertionCheck {
        PendingAssertionCheck(
            assertion, client: clients[assertion.clientID], decoys: clients.assertionDecoys, now: now)
    }

    /// Whether the keys of both clients are those behind one URL.
    package func hasSameKeys(as other: PendingAssertionCheck) -> Bool {
        guard case .remote(let place) = keys, case .remote(let otherPlace) = other.keys else { return false }
        return place == otherPlace
    }

    /// The most keys that the signature is checked with.
    package static let mostKeysTried = AssertionDecoys.mostTrials

    /// The client's keys, or the URL to fetch them from; `nil` for a client that is unknown or has no keys.
    package var keys: ClientKeys? { client?.keys }

    /// `kid` of the assertion.
    package var keyID: String? { assertion.jws.header.keyID }

    /// Whether `keys` has no key to check the signature with, so that fetching them again may help.
    package func lacksKey(in keys: JWKSet) -> Bool { keys.candidates(for: assertion.jws.header).isEmpty }

    /// Whether fetching `keys` again may help after the signature was checked with them in vain: a key without `kid` was
    /// tried in place of the key that the assertion names, which a newer set may have.
    package func mayNameNewerKey(than keys: JWKSet) -> Bool { keys.mayPrecedeKey(namedBy: assertion.jws.header) }

    /// Checks signature, audience and time (RFC 7523 section 3). Whether the assertion was used before is the last rule.
    ///
    /// - Parameters:
    ///   - keys: the client's keys; an empty set if it has none.
    ///   - audiences: the values of `aud` that name this service.
    ///   - rules: of the service. Those of the client come first.
    ///   - profile: restricts algorithms and the form of the audience.
    /// - Throws: ``TokenRefusal/Code/serverError`` if libcrypto fails, which says nothing about the assertion.
    package func run(
        keys: JWKSet, audiences: [String], rules: AssertionRules, profile: SecurityProfile
    ) throws(TokenRefusal) -> AssertionCheck {
        var cost = AuthenticationCost()
        return try run(keys: keys, audiences: audiences, rules: rules, profile: profile, cost: &cost)
    }

    func run(
        keys: JWKSet, audiences: [String], rules: AssertionRules, profile: SecurityProfile,
        cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> AssertionCheck {
        let candidates = keys.candidates(for: assertion.jws.header)
        let isSigned = try isSigned(byOneOf: candidates, cost: &cost)
        guard let client else { return .refused(.init(.wrongCredentials, cause: .unknownClient)) }
        guard client.keys != nil else { return .refused(.init(.wrongCredentials, cause: .wrongMethod)) }
        guard isSigned else {
            return .refused(
                .init(.wrongCredentials, cause: candidates.isEmpty ? .noSuchKey : .assertionSignature))
        }
        let rules = client.assertionRules.over(rules)
        if let cause = brokenRule(of: client, audiences, rules, profile) {
            return .refused(.init(.notAccepted, cause: cause))
        }
        let authenticated = AuthenticatedClient(client, AssertionProof())
        guard let tokenID = assertion.tokenID else { return .accepted(authenticated) }
        // Number 7 comes last, so that only an assertion that meets every other rule is recorded.
        let used = UsedAssertion(
            tokenID: tokenID, clientID: client.id, issuedAt: assertion.issuedAt, expiresAt: assertion.expiresAt,
            isSingleUse: rules.isSingleUse)
        return .unrecorded(UnrecordedAssertion(used, of: authenticated))
    }

    /// Tries the keys that can have made the signature, a few at most. If none has made it, decoys are tried until the
    /// work is that of the client of the registry that costs most.
    private func isSigned(
        byOneOf candidates: [JWK], cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> Bool {
        var trials = decoys.trials(for: assertion.jws)
        for key in candidates.filter({ assertion.jws.canBeSigned(by: $0.publicKey) }).prefix(AssertionDecoys.mostTrials)
        {
            trials.replaceDecoy(by: key.publicKey)
            if try isSigned(by: key, cost: &cost) { return true }
        }
        for decoy in trials.decoys { _ = try isSigned(by: decoy, cost: &cost) }
        return false
    }

    private func isSigned(by key: JWK, cost: inout AuthenticationCost) throws(TokenRefusal) -> Bool {
        cost.signatures[VerificationWork(key.publicKey), default: 0] += 1
        return try TokenRefusal.checking { () throws(JWSError) in try assertion.jws.verified(by: key) } != nil
    }

    /// The first rule of RFC 7523 section 3 that an assertion with a valid signature breaks, except for number 7.
    private func brokenRule(
        of client: Client, _ audiences: [String], _ rules: AssertionRules, _ profile: SecurityProfile
    ) -> RefusalCause? {
        guard client.accepts(.privateKeyJWT) else { return .wrongMethod }
        guard profile.algorithms.contains(assertion.jws.header.algorithm) else { return .assertionAlgorithm }
        // Number 3; RFC 3986 section 6.2.1: compared octet for octet.
        guard audiences.contains(where: assertion.audience.isSameText(as:)),
            assertion.hasAudienceAsString || !profile.requiresAudienceAsString
        else { return .assertionAudience }
        // Numbers 4 to 6: not expired, not valid for long, and not from the future.
        guard now < assertion.expiresAt else { return .assertionExpired }
        guard assertion.expiresAt <= now + rules.longestUse else { return .assertionLifetime }
        if let validFrom = assertion.validFrom, now + AssertionRules.leeway < validFrom { return .assertionNotYetValid }
        // An assertion without an identifier cannot be recorded.
        return rules.isSingleUse && assertion.tokenID == nil ? .assertionWithoutID : nil
    }
}
