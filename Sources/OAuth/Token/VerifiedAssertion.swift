import AccessToken
package import JOSE
import Libcrypto

/// The proof that a client signed an assertion for this service just now. Only ``AssertionTrial`` makes one.
struct VerifiedAssertion {
    let client: Client

    fileprivate init(_ client: Client) {
        self.client = client
    }
}

/// An assertion that the client's keys can tell to be good, or not.
package struct AssertionTrial: Sendable {
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

    /// Where the client's keys are; nil for a client that is unknown or has none.
    package var keys: ClientKeys? { client?.keys }

    /// Whether `keys` lacks the key that the assertion names, so that it may be worth fetching them again.
    package func needsOtherKeys(than keys: JWKSet) -> Bool {
        keys.onlyKey(withID: assertion.jws.header.keyID, for: assertion.jws.header.algorithm) == nil
    }

    /// Checks signature, audience and time (RFC 7523 section 3), and that the assertion was not used before.
    ///
    /// - Parameters:
    ///   - keys: the client's; an empty set where there are none.
    ///   - audiences: by which of its names the service may be meant.
    /// - Throws: ``TokenError/invalidClient``; ``TokenError/overloaded`` where no more assertions can be remembered.
    package func run(
        keys: JWKSet, audiences: [String], spent: SpentAssertions
    ) throws(TokenError) -> AuthenticatedClient {
        var work = AuthenticationWork()
        return try run(keys: keys, audiences: audiences, spent: spent, work: &work)
    }

    func run(
        keys: JWKSet, audiences: [String], spent: SpentAssertions, work: inout AuthenticationWork
    ) throws(TokenError) -> AuthenticatedClient {
        let header = assertion.jws.header
        // One signature is checked in any case: with a key that nobody has, where there is no other.
        let key = keys.onlyKey(withID: header.keyID, for: header.algorithm)?.publicKey
        let isPossible = key.map(assertion.jws.canBeSigned(by:)) ?? false
        let tried = isPossible ? keys : decoys.keys(for: assertion.jws)
        let verified = try TokenError.checking { () throws(JWSError) in try assertion.jws.verified(by: tried) }
        if let key = tried.onlyKey(withID: header.keyID, for: header.algorithm)?.publicKey {
            work.signatures[key.type, default: 0] += 1
        }
        guard isPossible, verified != nil, let client, client.accepts(.privateKeyJWT), client.keys != nil else {
            throw .invalidClient
        }
        // RFC 7523 section 3, number 3
        guard audiences.contains(assertion.audience) else { throw .invalidClient }
        // Numbers 4 to 6: not over, not for long, and not from the future.
        guard now < assertion.expiresAt, assertion.expiresAt <= now + AssertionTiming.longestUse,
            assertion.validFrom.map({ $0 <= now + AssertionTiming.leeway }) ?? true
        else { throw .invalidClient }
        // Number 7; last, so that only what is good in every other way is remembered.
        let use: SpentAssertions.Use
        do throws(LibcryptoError) { use = try spent.use(assertion.tokenID, of: client.id, now: now) } catch {
            throw .serverError
        }
        switch use {
        case .first: return AuthenticatedClient(VerifiedAssertion(client))
        case .repeated: throw .invalidClient
        case .full: throw .overloaded
        }
    }
}

extension TokenError {
    /// Runs a signature check.
    ///
    /// - Returns: `nil` if the signature proves nothing.
    /// - Throws: ``TokenError/serverError`` if libcrypto failed, which says nothing about the signature.
    static func checking(_ check: () throws(JWSError) -> VerifiedJWS) throws(TokenError) -> VerifiedJWS? {
        do throws(JWSError) { return try check() } catch {
            if case .cannotVerify = error { throw .serverError }
            return nil
        }
    }
}
