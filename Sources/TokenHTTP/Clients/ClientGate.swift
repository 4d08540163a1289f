import AccessToken
import Libcrypto
import OAuth
import Synchronization

/// Lets in clients that prove who they are, and slows down those who guess. What it remembers outlives the snapshots.
final class ClientGate: Sendable {
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
    private let pending: Mutex<PendingAttempts>
    private let passwordChecks: PasswordChecks
    private let keySets: ClientKeySets
    private let spentAssertions: SpentAssertions
    /// What an assertion's `aud` may be.
    private let audiences: [String]
    private let reportFailure: @Sendable (String) -> Void

    /// - Parameter reportFailure: told where it is the service that failed; clients learn no more than that.
    init(
        limits: AuthenticationThrottle.Limits, audiences: [String], passwordChecks: PasswordChecks,
        keySets: ClientKeySets, reportFailure: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(LibcryptoError) {
        throttle = Mutex(AuthenticationThrottle(limits))
        pending = Mutex(PendingAttempts(limits))
        self.audiences = audiences
        self.passwordChecks = passwordChecks
        self.keySets = keySets
        self.reportFailure = reportFailure
        spentAssertions = try SpentAssertions()
    }

    /// - Parameter address: nil where the connection has none, as in tests; then nothing is counted.
    func authenticate(
        _ credentials: ClientCredentials, from address: AddressBlock?, in clients: ClientRegistry, now: NumericDate
    ) async throws(Refusal) -> AuthenticatedClient {
        if let address, let wait = throttle.withLock({ $0.wait(for: credentials.clientID, from: address, now: now) }) {
            throw Refusal(.tooManyFailures, retryAfter: wait)
        }
        do throws(TokenError) {
            let client = try await prove(credentials, from: address, in: clients, now: now)
            if let address { throttle.withLock { $0.succeed(credentials.clientID, from: address) } }
            return client
        } catch {
            if let address, error == .invalidClient {
                throttle.withLock { $0.fail(credentials.clientID, from: address, now: now) }
            }
            if error == .serverError { reportFailure("a client's proof could not be checked") }
            throw Refusal(error)
        }
    }

    private func prove(
        _ credentials: ClientCredentials, from address: AddressBlock?, in clients: ClientRegistry, now: NumericDate
    ) async throws(TokenError) -> AuthenticatedClient {
        let authentication = try clients.authenticate(credentials, now: now)
        if let client = authentication.provenClient { return client }
        guard let address else { return try await conclude(authentication) }
        guard pending.withLock({ $0.begin(credentials.clientID, from: address) }) else { throw .overloaded }
        defer { pending.withLock { $0.end(credentials.clientID, from: address) } }
        return try await conclude(authentication)
    }

    private func conclude(_ authentication: ClientAuthentication) async throws(TokenError) -> AuthenticatedClient {
        switch authentication {
        case .proven(let client): client
        case .password(let trial): try await passwordChecks.run(trial)
        case .assertion(let trial):
            try trial.run(keys: await keySets.keys(for: trial), audiences: audiences, spent: spentAssertions)
        }
    }
}
