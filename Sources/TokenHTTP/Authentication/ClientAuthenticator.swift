import AccessToken
import Admission
import Libcrypto
import OAuth
import Synchronization

/// Authenticates clients, and throttles clients that guess secrets. Its state outlives the snapshots.
final class ClientAuthenticator: Sendable {
    private let throttle: Mutex<AuthenticationThrottle>
    private let pendingAssertions: Mutex<AttemptLimiter>
    private let pendingPasswords: Mutex<AttemptLimiter>
    private let passwordChecks: PasswordChecks
    private let verifiedSecrets: VerifiedSecrets
    private let keySets: ClientKeySets
    private let usedAssertions: ReplayCache
    /// The values that an assertion's `aud` may have.
    private let audiences: [String]

    /// - Parameters:
    ///   - verifiedSecrets: the cache of secrets that passed a password hash.
    ///   - start: the first second in which assertions are accepted that were made in it.
    init(
        limits: FailureLimits, audiences: [String], passwordChecks: PasswordChecks,
        verifiedSecrets: VerifiedSecrets, keySets: ClientKeySets, start: NumericDate
    ) throws(LibcryptoError) {
        throttle = Mutex(AuthenticationThrottle(limits))
        pendingAssertions = Mutex(AttemptLimiter(limits))
        pendingPasswords = Mutex(AttemptLimiter(limits, room: passwordChecks.capacity))
        self.audiences = audiences
        self.passwordChecks = passwordChecks
        self.keySets = keySets
        self.verifiedSecrets = verifiedSecrets
        usedAssertions = try ReplayCache(start: start)
    }

    /// - Parameter request: the request with the credentials. If its origin is `nil`, failures are not counted.
    func authenticate(
        _ credentials: PresentedCredentials, of request: EndpointRequest, in clients: ClientRegistry, now: NumericDate
    ) async throws(TokenRefusal) -> AuthenticatedClient {
        let address = request.origin?.block
        let ids = credentials.clientIDs
        if let address,
            let wait = throttle.withLock({ throttle in
                ids.compactMap { throttle.wait(for: $0, from: address, now: now) }.max()
            })
        {
            throw TokenRefusal(.tooManyFailures, retryAfter: wait)
        }
        do throws(TokenRefusal) {
            let client = try await prove(credentials, from: address, in: clients, now: now)
            if let address { throttle.withLock { $0.succeed(client.client.id, from: address) } }
            return client
        } catch {
            if let address, error.code == .invalidClient {
                throttle.withLock { throttle in for id in ids { throttle.fail(id, from: address, now: now) } }
            }
            throw error
        }
    }

    private func prove(
        _ credentials: PresentedCredentials, from address: AddressBlock?, in clients: ClientRegistry, now: NumericDate
    ) async throws(TokenRefusal) -> AuthenticatedClient {
        switch try clients.authenticate(credentials, verified: verifiedSecrets, now: now) {
        case .proven(let client): return client
        case .assertion(let check):
            return try await pending(pendingAssertions, credentials, address) { () async throws(TokenRefusal) in
                let keys = await keySets.keys(for: check)
                return try check.run(keys: keys, audiences: audiences) { (assertion, now) throws(TokenRefusal) in
                    try usedAssertions.use(assertion, now: now)
                }
            }
        case .password(let check):
            do throws(TokenRefusal) {
                return try await pending(pendingPasswords, credentials, address) { () async throws(TokenRefusal) in
                    try await passwordChecks.run(check)
                }
            } catch {
                // The secret matched no digest and no verified secret. If its check could not run, it counts as a
                // guess.
                if let address, error.code != .invalidClient {
                    throttle.withLock { throttle in
                        for id in credentials.clientIDs { throttle.missed(id, from: address, now: now) }
                    }
                }
                throw error
            }
        }
    }

    /// Runs an attempt, or throws ``TokenRefusal/Code/overloaded`` if too many are pending already.
    private func pending(
        _ attempts: borrowing Mutex<AttemptLimiter>, _ credentials: PresentedCredentials, _ address: AddressBlock?,
        _ body: () async throws(TokenRefusal) -> AuthenticatedClient
    ) async throws(TokenRefusal) -> AuthenticatedClient {
        guard let address else { return try await body() }
        let id = credentials.clientIDs[0]
        guard attempts.withLock({ $0.begin(id, from: address) }) else { throw TokenRefusal(.overloaded) }
        defer { attempts.withLock { $0.end(id, from: address) } }
        return try await body()
    }
}
