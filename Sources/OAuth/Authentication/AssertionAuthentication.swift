import AccessToken
package import JOSE
import Libcrypto

/// The proof that a client signed an assertion for this service just now. Only ``PendingAssertionCheck`` makes one.
struct VerifiedAssertion {
    let client: Client

    fileprivate init(_ client: Client) {
        self.client = client
    }
}

/// An assertion that the client's keys can tell to be good, or not.
package struct PendingAssertionCheck: Sendable {
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
    package func lacksKey(in keys: JWKSet) -> Bool {
        keys.onlyKey(withID: assertion.jws.header.keyID, for: assertion.jws.header.algorithm) == nil
    }

    /// Checks signature, audience and time (RFC 7523 section 3), and that the assertion was not used before.
    ///
    /// - Parameters:
    ///   - keys: the client's; an empty set where there are none.
    ///   - audiences: by which of its names the service may be meant.
    /// - Throws: ``TokenError/invalidClient``; ``TokenError/overloaded`` where no more assertions can be remembered.
    package func run(
        keys: JWKSet, audiences: [String], spent: ReplayCache
    ) throws(TokenError) -> AuthenticatedClient {
        var work = AuthenticationCost()
        return try run(keys: keys, audiences: audiences, spent: spent, work: &work)
    }

    func run(
        keys: JWKSet, audiences: [String], spent: ReplayCache, work: inout AuthenticationCost
    ) throws(TokenError) -> AuthenticatedClient {
        let header = assertion.jws.header
        // One signature is checked in any case: with a key that nobody has, where there is no other.
        let key = keys.onlyKey(withID: header.keyID, for: header.algorithm)?.publicKey
        let isPossible = key.map(assertion.jws.canBeSigned(by:)) ?? false
        let tried = isPossible ? keys : decoys.keys(for: assertion.jws)
        let isVerified = (try? assertion.jws.verified(by: tried)) != nil
        if let key = tried.onlyKey(withID: header.keyID, for: header.algorithm)?.publicKey {
            work.signatures[key.type, default: 0] += 1
        }
        guard isPossible, isVerified, let client, client.accepts(.privateKeyJWT), client.keys != nil else {
            throw .invalidClient
        }
        // RFC 7523 section 3, number 3
        guard audiences.contains(assertion.audience) else { throw .invalidClient }
        // Numbers 4 to 6: not over, not for long, and not from the future.
        guard now < assertion.expiresAt, assertion.expiresAt <= now + AssertionTiming.longestUse,
            assertion.validFrom.map({ $0 <= now + AssertionTiming.leeway }) ?? true
        else { throw .invalidClient }
        // Number 7; last, so that only what is good in every other way is remembered.
        let use: ReplayCache.Use
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
