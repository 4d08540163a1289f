import AccessToken
import Admission
import JOSE
import OAuth
import Synchronization
import WireText

/// The client, or why it is not authenticated.
private typealias AuthenticationResult = Result<AuthenticatedClient, AuthenticationFailure>

/// Authenticates clients, and throttles clients that guess secrets. Its state outlives the snapshots.
///
/// It looks first and counts then: credentials that match at once are accepted whatever their neighbours did. The
/// throttle decides about refusals, and about the checks of password hashes, which are slow. What was not checked is
/// not counted.
final class ClientAuthenticator: Sendable {
    private let throttle: Mutex<AuthenticationThrottle>
    private let pendingAssertions: Mutex<AttemptLimiter>
    /// Counted for the issuer, whatever client the request names.
    private let pendingIdentities: Mutex<AttemptLimiter>
    private let pendingPasswords: Mutex<AttemptLimiter>
    private let passwordChecks: PasswordChecks
    private let verifiedSecrets: VerifiedSecrets
    private let keySets: ClientKeySets
    private let issuerKeys: IssuerKeySets
    private let usedAssertions: any ReplayProtection
    private let audiences: @Sendable (_ url: String) -> [String]
    private let profile: SecurityProfile
    private let certificatePath: @Sendable () -> CertificatePathCheck?

    /// - Parameters:
    ///   - audiences: the values that an assertion's `aud` may have at the endpoint with a URL.
    ///   - profile: `profile` of the configuration.
    ///   - verifiedSecrets: the cache of secrets that passed a password hash.
    ///   - usedAssertions: records the assertions that were used.
    ///   - certificatePath: verifies certificates by the authorities of the moment; `nil` without any.
    init(
        limits: FailureLimits, audiences: @escaping @Sendable (_ url: String) -> [String],
        profile: SecurityProfile = .standard, passwordChecks: PasswordChecks, verifiedSecrets: VerifiedSecrets,
        keySets: ClientKeySets,
        issuerKeys: IssuerKeySets = IssuerKeySets { _ in }, usedAssertions: any ReplayProtection,
        certificatePath: @escaping @Sendable () -> CertificatePathCheck? = { nil }
    ) {
        self.certificatePath = certificatePath
        throttle = Mutex(AuthenticationThrottle(limits))
        pendingAssertions = Mutex(AttemptLimiter(limits))
        pendingIdentities = Mutex(AttemptLimiter(limits))
        pendingPasswords = Mutex(AttemptLimiter(limits, room: passwordChecks.capacity))
        self.audiences = audiences
        self.profile = profile
        self.passwordChecks = passwordChecks
        self.keySets = keySets
        self.issuerKeys = issuerKeys
        self.verifiedSecrets = verifiedSecrets
        self.usedAssertions = usedAssertions
    }

    /// - Parameters:
    ///   - request: the request with the credentials. If its origin is `nil`, failures are not counted.
    ///   - registered: returns the clients as they are then. It is called once more after the request has waited for keys, so
    ///     that a client that was removed meanwhile is not authenticated.
    ///   - rules: how assertions may be used, unless the client has rules of its own.
    /// - Throws: ``TokenRefusal/Code/invalidClient``, or ``TokenRefusal/Code/invalidAssertionGrant`` for a grant;
    ///   ``TokenRefusal/Code/tooManyFailures`` in its place if too many were refused before;
    ///   ``TokenRefusal/Code/overloaded``, ``TokenRefusal/Code/clientKeysUnavailable``,
    ///   ``TokenRefusal/Code/issuerKeysUnavailable`` or ``TokenRefusal/Code/replayStoreUnavailable`` if the credentials could
    ///   not be checked.
    func authenticate(
        _ credentials: PresentedCredentials, of request: EndpointRequest,
        in registered: @Sendable () -> RegisteredClients, rules: AssertionRules, now: NumericDate
    ) async throws(TokenRefusal) -> AuthenticatedClient {
        let (ids, address, before) = (credentials.clientIDs, request.origin?.block, registered())
        let authentication = try before.clients.authenticate(
            credentials, identities: before.identities, certificatePath: certificatePath(), verified: verifiedSecrets,
            now: now)
        let run = { (check: PendingAssertionCheck, keys: JWKSet) async throws(TokenRefusal) in
            try await self.run(check, keys, at: request.url, rules)
        }
        switch try await conclude(authentication, of: ids, in: registered, from: address, now: now, runAssertion: run) {
        case .success(let client):
            if let address { throttle.withLock { $0.succeed(client.client.id, from: address) } }
            return client
        case .failure(let failure):
            // A token of a platform is no guess at the client that the request names.
            guard let address, !credentials.isIdentity else { throw credentials.refusal(failure.refusal) }
            throw credentials.refusal(
                throttle.withLock { $0.refusal(failure, of: ids, from: address, now: now) })
        }
    }

    /// Makes the slow check if there is one.
    private func conclude(
        _ authentication: ClientAuthentication, of ids: [ClientID], in registered: @Sendable () -> RegisteredClients,
        from address: AddressBlock?, now: NumericDate,
        runAssertion: (PendingAssertionCheck, JWKSet) async throws(TokenRefusal) -> AuthenticationResult
    ) async throws(TokenRefusal) -> AuthenticationResult {
        switch authentication {
        case .proven(let client): return .success(client)
        case .refused(let failure): return .failure(failure)
        case .assertion(let check):
            let cached = keySets.cachedKeys(for: check)
            if let cached {
                let result = try await runAssertion(check, cached)
                guard keySets.mayHaveNewerKey(for: check, than: cached, after: result) else { return result }
            }
            return try await pending(pendingAssertions, ids[0], address) { () async throws(TokenRefusal) in
                let keys = try await keySets.fetchedKeys(for: check, after: cached, of: registered().clients)
                let renewed = check.renewed(in: registered().clients)
                // The client's keys may be in another place by now, and these are none of its own then.
                guard renewed.keys == nil || renewed.hasSameKeys(as: check) else {
                    throw TokenRefusal(.clientKeysUnavailable)
                }
                return try await runAssertion(renewed, keys)
            }
        case .identity(let check): return try await conclude(check, in: registered, from: address)
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

    /// Checks a platform's token with the keys of its issuer, which may have to be fetched.
    private func conclude(
        _ check: PendingIdentityCheck, in registered: @Sendable () -> RegisteredClients, from address: AddressBlock?
    ) async throws(TokenRefusal) -> AuthenticationResult {
        let cached = issuerKeys.cachedKeys(for: check)
        if let cached {
            let result = try await run(check, cached)
            guard issuerKeys.mayHaveNewerKey(for: check, than: cached, after: result) else { return result }
        }
        do throws(TokenRefusal) {
            return try await pending(pendingIdentities, check.issuer.countedAs, address) {
                () async throws(TokenRefusal) in
                let keys = try await issuerKeys.fetchedKeys(for: check, after: cached)
                return try await run(check, renewedIn: registered(), keys)
            }
        } catch {
            // The log and the metrics have the issuer, whatever went wrong.
            throw error.about(check.trace)
        }
    }

    /// Checks with keys that were waited for, against the issuers and clients that there are by now.
    private func run(
        _ check: PendingIdentityCheck, renewedIn registered: RegisteredClients, _ keys: JWKSet
    ) async throws(TokenRefusal) -> AuthenticationResult {
        guard let identities = registered.identities else {
            return .failure(AuthenticationFailure(.notAccepted, cause: .unknownIssuer))
        }
        let renewed: PendingIdentityCheck
        do throws(AuthenticationFailure) { renewed = try check.renewed(in: identities) } catch {
            return .failure(error)
        }
        // The issuer's keys may be in another place by now, and these are none of its own then.
        guard IssuerKeySets.haveSameKeys(renewed.issuer, check.issuer) else {
            throw TokenRefusal(.issuerKeysUnavailable)
        }
        return try await run(renewed, keys)
    }

    private func run(
        _ check: PendingIdentityCheck, _ keys: JWKSet
    ) async throws(TokenRefusal) -> AuthenticationResult {
        try await record(check.run(keys: keys), now: check.now)
    }

    private func run(
        _ check: PendingAssertionCheck, _ keys: JWKSet, at url: String, _ rules: AssertionRules
    ) async throws(TokenRefusal) -> AuthenticationResult {
        try await record(
            check.run(keys: keys, audiences: audiences(url), rules: rules, profile: profile), now: check.now)
    }

    /// Records the use of an assertion that meets every other rule.
    private func record(
        _ check: AssertionCheck, now: NumericDate
    ) async throws(TokenRefusal) -> AuthenticationResult {
        switch check {
        case .refused(let failure): .failure(failure)
        case .accepted(let client): .success(client)
        case .unrecorded(let assertion):
            try assertion.conclude(try await use(assertion, now: now))
        }
    }

    private func use(_ assertion: UnrecordedAssertion, now: NumericDate) async throws(TokenRefusal) -> AssertionUse {
        do throws(TokenRefusal) {
            return try await usedAssertions.use(assertion.used, now: now)
        } catch {
            throw assertion.about(error)
        }
    }

    /// Runs an attempt, or throws ``TokenRefusal/Code/overloaded`` if too many are pending already.
    private func pending<Outcome>(
        _ attempts: borrowing Mutex<AttemptLimiter>, _ id: ClientID, _ address: AddressBlock?,
        _ body: () async throws(TokenRefusal) -> Outcome
    ) async throws(TokenRefusal) -> Outcome {
        guard let address else { return try await body() }
        guard attempts.withLock({ $0.begin(id, from: address) }) else {
            throw TokenRefusal(.overloaded, cause: .tooManyAttempts)
        }
        defer { attempts.withLock { $0.end(id, from: address) } }
        return try await body()
    }
}
