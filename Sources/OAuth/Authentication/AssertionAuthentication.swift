package import AccessToken
package import JOSE
import Libcrypto
import WireText

/// Proof that a client signed an assertion for this service just now. Only the check of an assertion creates one.
struct AssertionProof {
    fileprivate init() {}
}

/// What the use of an assertion is recorded by. The assertion meets every other rule.
package struct UsedAssertion: Sendable {
    /// `jti`
    package let tokenID: String
    package let clientID: ClientID
    /// `iat`; `nil` if the client does not say when it made the assertion.
    package let issuedAt: NumericDate?
    /// `exp`
    package let expiresAt: NumericDate

    package init(tokenID: String, clientID: ClientID, issuedAt: NumericDate?, expiresAt: NumericDate) {
        self.tokenID = tokenID
        self.clientID = clientID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    /// Whether it can have been accepted before the second `start`. It cannot if the client made it since, or if it
    /// expires so late that it was not accepted yet.
    package func mayHaveBeenUsed(before start: NumericDate) -> Bool {
        if let issuedAt, issuedAt >= start { return false }
        return expiresAt < start + AssertionTiming.longestUse
    }
}

/// The result of recording the use of an assertion, which is accepted once (RFC 7523 section 3, number 7).
package enum AssertionUse: Sendable {
    case first
    case repeated
    /// It may have been used before the service started, and what was used then is not known.
    case possiblyRepeated
    /// No further use can be recorded, so no further assertion can be accepted.
    case full
}

/// An assertion whose signature is not checked yet, since the client's keys may have to be fetched.
public struct PendingAssertionCheck: Sendable {
    private let assertion: ClientAssertion
    private let client: Client?
    private let decoys: AssertionDecoys
    private let now: NumericDate

    init(_ assertion: ClientAssertion, client: Client?, decoys: AssertionDecoys, now: NumericDate) {
        self.assertion = assertion
        self.client = client
        self.decoys = decoys
        self.now = now
    }

    /// The client's keys, or the URL to fetch them from; `nil` for a client that is unknown or has no keys.
    package var keys: ClientKeys? { client?.keys }

    /// Whether `keys` lacks the key that the assertion names, so that fetching them again may help.
    package func lacksKey(in keys: JWKSet) -> Bool {
        keys.onlyKey(withID: assertion.jws.header.keyID, for: assertion.jws.header.algorithm) == nil
    }

    /// Checks signature, audience and time (RFC 7523 section 3), and that the assertion was not used before.
    ///
    /// - Parameters:
    ///   - keys: the client's keys; an empty set if it has none.
    ///   - audiences: the values of `aud` that name this service.
    ///   - use: records the use of an assertion at a time. It is called only if the assertion meets every other rule.
    /// - Throws: ``TokenRefusal/Code/overloaded`` if no more uses can be recorded, ``TokenRefusal/Code/serverError`` if
    ///   libcrypto fails. Neither says anything about the assertion.
    package func run(
        keys: JWKSet, audiences: [String],
        use: (UsedAssertion, NumericDate) throws(TokenRefusal) -> AssertionUse
    ) throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        var cost = AuthenticationCost()
        return try run(keys: keys, audiences: audiences, use: use, cost: &cost)
    }

    func run(
        keys: JWKSet, audiences: [String],
        use: (UsedAssertion, NumericDate) throws(TokenRefusal) -> AssertionUse, cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        let header = assertion.jws.header
        // One signature is always checked, if necessary with a decoy: a public key whose private key is unknown.
        let key = keys.onlyKey(withID: header.keyID, for: header.algorithm)?.publicKey
        let isPossible = key.map(assertion.jws.canBeSigned(by:)) ?? false
        let tried = isPossible ? keys : decoys.keys(for: assertion.jws)
        let verified = try TokenRefusal.checking { () throws(JWSError) in try assertion.jws.verified(by: tried) }
        if let key = tried.onlyKey(withID: header.keyID, for: header.algorithm)?.publicKey {
            cost.signatures[key.type, default: 0] += 1
        }
        guard isPossible, verified != nil, let client, client.keys != nil else { return .failure(.wrongCredentials) }
        guard client.accepts(.privateKeyJWT) else { return .failure(.notAccepted) }
        // RFC 7523 section 3, number 3; RFC 3986 section 6.2.1: compared octet for octet.
        guard audiences.contains(where: assertion.audience.isSameText(as:)) else { return .failure(.notAccepted) }
        // Numbers 4 to 6: not expired, not valid for long, and not from the future.
        guard now < assertion.expiresAt, assertion.expiresAt <= now + AssertionTiming.longestUse,
            assertion.validFrom.map({ $0 <= now + AssertionTiming.leeway }) ?? true
        else { return .failure(.notAccepted) }
        // Number 7 comes last, so that only an assertion that meets every other rule is recorded.
        let used = UsedAssertion(
            tokenID: assertion.tokenID, clientID: client.id, issuedAt: assertion.issuedAt,
            expiresAt: assertion.expiresAt)
        switch try use(used, now) {
        case .first: return .success(AuthenticatedClient(client, AssertionProof()))
        case .repeated, .possiblyRepeated: return .failure(.notAccepted)
        case .full: throw TokenRefusal(.overloaded)
        }
    }
}
