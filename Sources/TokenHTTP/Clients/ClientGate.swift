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
    private let passwordChecks: PasswordChecks
    private let keySets: ClientKeySets
    private let spentAssertions: SpentAssertions
    /// What an assertion's `aud` may be.
    private let audiences: [String]

    init(
        limits: AuthenticationThrottle.Limits, audiences: [String], passwordChecks: PasswordChecks,
        keySets: ClientKeySets
    ) throws(LibcryptoError) {
        throttle = Mutex(AuthenticationThrottle(limits))
        self.audiences = audiences
        self.passwordChecks = passwordChecks
        self.keySets = keySets
        spentAssertions = try SpentAssertions()
    }

    /// - Parameter address: nil where the connection has none, as in tests; then nothing is counted.
    func authenticate(
        _ request: TokenRequest, from address: AddressBlock?, in clients: ClientRegistry, now: NumericDate
    ) async throws(Refusal) -> AuthenticatedClient {
        if let address, let wait = throttle.withLock({ $0.wait(for: request.clientID, from: address, now: now) }) {
            throw Refusal(.tooManyFailures, retryAfter: wait)
        }
        do throws(TokenError) {
            let client = try await prove(request, in: clients, now: now)
            if let address { throttle.withLock { $0.succeed(request.clientID, from: address) } }
            return client
        } catch {
            if let address, error == .invalidClient {
                throttle.withLock { $0.fail(request.clientID, from: address, now: now) }
            }
            throw Refusal(error)
        }
    }

    private func prove(
        _ request: TokenRequest, in clients: ClientRegistry, now: NumericDate
    ) async throws(TokenError) -> AuthenticatedClient {
        switch try clients.authenticate(request, now: now) {
        case .proven(let client): client
        case .password(let trial): try await passwordChecks.run(trial)
        case .assertion(let trial):
            try trial.run(keys: await keySets.keys(for: trial), audiences: audiences, spent: spentAssertions)
        }
    }
}
