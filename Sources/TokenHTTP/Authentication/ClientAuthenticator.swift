import AccessToken
import Libcrypto
import OAuth
import Synchronization

/// Lets in clients that prove who they are, and slows down those who guess. What it remembers outlives the snapshots.
final class ClientAuthenticator: Sendable {
    /// Why a client is not let in.
    struct Refusal: Error {
        let error: TokenError
        /// Seconds, where it is known after how many another attempt makes sense.
        let retryAfter: Int?

        init(_ error: TokenError, retryAfter: Int? = nil) {
            self.error = error
            self.retryAfter = retryAfter ?? error.retryAfter
        }
    }

    private let throttle: Mutex<AuthenticationThrottle>
    private let pendingAssertions: Mutex<AttemptLimiter>
    private let pendingPasswords: Mutex<AttemptLimiter>
    private let passwordChecks: PasswordChecks
    private let keySets: ClientKeySets
    private let spentAssertions: ReplayCache
    /// What an assertion's `aud` may be.
    private let audiences: [String]
    private let reportFailure: @Sendable (String) -> Void

    /// - Parameter reportFailure: told where it is the service that failed; clients learn no more than that.
    init(
        limits: AuthenticationThrottle.Limits, audiences: [String], passwordChecks: PasswordChecks,
        keySets: ClientKeySets, reportFailure: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(LibcryptoError) {
        throttle = Mutex(AuthenticationThrottle(limits))
        pendingAssertions = Mutex(AttemptLimiter(limits))
        pendingPasswords = Mutex(AttemptLimiter(limits, room: passwordChecks.capacity))
        self.audiences = audiences
        self.passwordChecks = passwordChecks
        self.keySets = keySets
        self.reportFailure = reportFailure
        spentAssertions = try ReplayCache()
    }

    /// - Parameter address: nil where the connection has none, as in tests; then nothing is counted.
    func authenticate(
        _ credentials: PresentedCredentials, from address: AddressBlock?, in clients: ClientRegistry, now: NumericDate
    ) async throws(Refusal) -> AuthenticatedClient {
        let ids = credentials.clientIDs
        if let address,
            let wait = throttle.withLock({ throttle in
                ids.compactMap { throttle.wait(for: $0, from: address, now: now) }.max()
            })
        {
            throw Refusal(.tooManyFailures, retryAfter: wait)
        }
        do throws(TokenError) {
            let client = try await prove(credentials, from: address, in: clients, now: now)
            if let address { throttle.withLock { $0.succeed(client.client.id, from: address) } }
            return client
        } catch {
            if let address, error == .invalidClient {
                throttle.withLock { throttle in for id in ids { throttle.fail(id, from: address, now: now) } }
            }
            if error == .serverError { reportFailure("a client's proof could not be checked") }
            throw Refusal(error)
        }
    }

    private func prove(
        _ credentials: PresentedCredentials, from address: AddressBlock?, in clients: ClientRegistry, now: NumericDate
    ) async throws(TokenError) -> AuthenticatedClient {
        switch try clients.authenticate(credentials, now: now) {
        case .proven(let client): return client
        case .assertion(let trial):
            return try await pending(pendingAssertions, credentials, address) { () async throws(TokenError) in
                try trial.run(keys: await keySets.keys(for: trial), audiences: audiences, spent: spentAssertions)
            }
        case .password(let trial):
            do throws(TokenError) {
                return try await pending(pendingPasswords, credentials, address) { () async throws(TokenError) in
                    try await passwordChecks.run(trial)
                }
            } catch {
                // It matched no digest and no remembered secret: where it is not looked at any further, it was a guess.
                if let address, error != .invalidClient {
                    throttle.withLock { throttle in
                        for id in credentials.clientIDs { throttle.missed(id, from: address, now: now) }
                    }
                }
                throw error
            }
        }
    }

    /// Lets an attempt wait, if not too many do.
    private func pending(
        _ attempts: borrowing Mutex<AttemptLimiter>, _ credentials: PresentedCredentials, _ address: AddressBlock?,
        _ body: () async throws(TokenError) -> AuthenticatedClient
    ) async throws(TokenError) -> AuthenticatedClient {
        guard let address else { return try await body() }
        let id = credentials.clientIDs[0]
        guard attempts.withLock({ $0.begin(id, from: address) }) else { throw .overloaded }
        defer { attempts.withLock { $0.end(id, from: address) } }
        return try await body()
    }
}
