import AccessToken
import Admission
import JOSE
import Libcrypto
import OAuth
import Synchronization
import WireText

/// Authenticates clients, and throttles clients that guess secrets. Its state outlives the snapshots.
///
/// It looks first and counts then: credentials that match at once are accepted whatever their neighbours did. The
/// throttle decides about refusals, and about the checks of password hashes, which are slow. What was not checked is
/// not counted.
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
    /// - Throws: ``TokenRefusal/Code/invalidClient``, or ``TokenRefusal/Code/tooManyFailures`` in its place if too many
    ///   were refused before; ``TokenRefusal/Code/overloaded`` or ``TokenRefusal/Code/clientKeysUnavailable`` if the
    ///   credentials could not be checked.
    func authenticate(
        _ credentials: PresentedCredentials, of request: EndpointRequest, in clients: ClientRegistry, now: NumericDate
    ) async throws(TokenRefusal) -> AuthenticatedClient {
        let (ids, address) = (credentials.clientIDs, request.origin?.block)
        let authentication = try clients.authenticate(credentials, verified: verifiedSecrets, now: now)
        switch try await conclude(authentication, of: ids, from: address, now: now) {
        case .success(let client):
            if let address { throttle.withLock { $0.succeed(client.client.id, from: address) } }
            return client
        case .failure(let failure):
            guard let address else { throw failure.refusal }
            throw throttle.withLock { $0.refusal(failure, of: ids, from: address, now: now) }
        }
    }

    /// Makes the slow check if there is one.
    private func conclude(
        _ authentication: ClientAuthentication, of ids: [ClientID], from address: AddressBlock?, now: NumericDate
    ) async throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        switch authentication {
        case .proven(let client): return .success(client)
        case .refused(let failure): return .failure(failure)
        case .assertion(let check):
            if let keys = keySets.cachedKeys(for: check) { return try run(check, keys) }
            return try await pending(pendingAssertions, ids[0], address) { () async throws(TokenRefusal) in
                try run(check, await keySets.fetchedKeys(for: check))
            }
        case .password(let check):
            if let address,
                let wait = throttle.withLock({ $0.waitForPasswordCheck(of: ids, from: address, now: now) })
            {
                throw TokenRefusal(.tooManyFailures, retryAfter: wait)
            }
            return try await pending(pendingPasswords, ids[0], address) { () async throws(TokenRefusal) in
                try await passwordChecks.run(check, from: address)
            }
        }
    }

    private func run(
        _ check: PendingAssertionCheck, _ keys: JWKSet
    ) throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        try check.run(keys: keys, audiences: audiences) { (assertion, now) throws(TokenRefusal) in
            try usedAssertions.use(assertion, now: now)
        }
    }

    /// Runs an attempt, or throws ``TokenRefusal/Code/overloaded`` if too many are pending already.
    private func pending<Outcome>(
        _ attempts: borrowing Mutex<AttemptLimiter>, _ id: ClientID, _ address: AddressBlock?,
        _ body: () async throws(TokenRefusal) -> Outcome
    ) async throws(TokenRefusal) -> Outcome {
        guard let address else { return try await body() }
        guard attempts.withLock({ $0.begin(id, from: address) }) else { throw TokenRefusal(.overloaded) }
        defer { attempts.withLock { $0.end(id, from: address) } }
        return try await body()
    }
}
