import JOSE
import OAuth
import Synchronization

/// The token that requests to a server need. When two thirds of the lease of a login have passed, the next login begins. The
/// earlier token is used until that one has succeeded, or until its own lease ends.
final class VaultTokens: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Lease: Sendable {
        let token: VaultToken
        /// When the next login is due, and when Vault no longer accepts the token; `nil` for a token that does not expire.
        let times: (renewal: Instant, end: Instant)?
    }

    /// The logins at one server.
    private struct State {
        var lease: Lease?
        var login: SharedWork<VaultToken>?
        var failure: (error: RemoteKeyError, at: Instant)?
        /// When a login was begun because Vault had refused the token.
        var replacedAt: Instant?
    }

    /// What a caller does that needs a token.
    private enum Step {
        case use(VaultToken)
        case wait(SharedWork<VaultToken>)
        case fail(RemoteKeyError)
    }

    /// How long a login that failed counts, and the shortest time between two logins because of a refused token: a policy that is
    /// missing is not there after a login either.
    static let pause: Duration = .seconds(1)

    private let login: VaultLogin
    private let server: VaultServer
    private let thread = TokenFileThread()
    private let now: @Sendable () -> Instant
    /// The key is the server's origin.
    private let states = Mutex<[String: State]>([:])

    init(_ login: VaultLogin, _ server: VaultServer, now: @escaping @Sendable () -> Instant) {
        self.login = login
        self.server = server
        self.now = now
    }

    /// The token for a server. One login is under way at a time, and all callers wait for it that have no earlier token.
    ///
    /// - Parameter limit: the time for a login that begins now. It goes on if the caller is cancelled.
    func token(for origin: String, within limit: Duration) async throws(RemoteKeyError) -> VaultToken {
        if case .tokenFile(let read) = login {
            return try await VaultToken(reading: read, on: thread, Self.kindOfFile)
        }
        let now = now()
        switch states.withLock({ step(&$0[origin, default: State()], origin, limit, now) }) {
        case .use(let token): return token
        case .fail(let error): throw error
        case .wait(let login): return try await login.value()
        }
    }

    /// Another token after Vault has refused one: what is in the file by now, or that of a new login.
    ///
    /// - Parameter limit: the time for a login that begins now. It goes on if the caller is cancelled.
    /// - Returns: `nil` if there is no other.
    func replacement(
        of refused: VaultToken, for origin: String, within limit: Duration
    ) async throws(RemoteKeyError) -> VaultToken? {
        if case .tokenFile(let read) = login {
            let token = try await VaultToken(reading: read, on: thread, Self.kindOfFile)
            return token.isSame(as: refused) ? nil : token
        }
        let now = now()
        switch states.withLock({ replace(refused, &$0[origin, default: State()], origin, limit, now) }) {
        case .use(let token): return token
        case .fail(let error): throw error
        case .wait(let login): return try await login.value()
        case nil: return nil
        }
    }

    private static let kindOfFile: StaticString = "the token of Vault"

    private func step(_ state: inout State, _ origin: String, _ limit: Duration, _ now: Instant) -> Step {
        var earlier: VaultToken?
        if let lease = state.lease {
            guard let times = lease.times, times.renewal <= now else { return .use(lease.token) }
            if now < times.end { earlier = lease.token } else { state.lease = nil }
        }
        if let login = state.login { return earlier.map(Step.use) ?? .wait(login) }
        if let failure = state.failure, failure.at.duration(to: now) < Self.pause {
            return earlier.map(Step.use) ?? .fail(failure.error)
        }
        let login = startLogin(&state, origin, limit)
        return earlier.map(Step.use) ?? .wait(login)
    }

    private func replace(
        _ refused: VaultToken, _ state: inout State, _ origin: String, _ limit: Duration, _ now: Instant
    ) -> Step? {
        if let lease = state.lease, lease.token !== refused { return .use(lease.token) }
        if let login = state.login { return .wait(login) }
        if let last = state.replacedAt, last.duration(to: now) < Self.pause { return nil }
        state.replacedAt = now
        return .wait(startLogin(&state, origin, limit))
    }

    private func startLogin(_ state: inout State, _ origin: String, _ limit: Duration) -> SharedWork<VaultToken> {
        let work = SharedWork<VaultToken>()
        state.login = work
        // It is no child of the caller's task: the cancellation of one caller does not end the login of all.
        Task { await self.finish(work, origin, limit) }
        return work
    }

    private func finish(_ work: SharedWork<VaultToken>, _ origin: String, _ limit: Duration) async {
        let outcome: Result<Lease, RemoteKeyError>
        do throws(RemoteKeyError) { outcome = .success(try await logIn(at: origin, within: limit)) } catch {
            outcome = .failure(error)
        }
        let now = now()
        states.withLock { states in
            states[origin]?.login = nil
            switch outcome {
            case .success(let lease):
                states[origin]?.lease = lease
                states[origin]?.failure = nil
            case .failure(let error): states[origin]?.failure = (error, now)
            }
        }
        work.complete(outcome.map(\.token))
    }

    private func logIn(at origin: String, within limit: Duration) async throws(RemoteKeyError) -> Lease {
        guard case .kubernetes(let role, let read, let mount) = login, TransitKeyURI.isMount(mount) else {
            throw RemoteKeyError(.notConfigured, "the mount of the Kubernetes login is no path")
        }
        let account = try await VaultToken(reading: read, on: thread, "the token of the service account")
        let start = now()
        let answer: JSONObject
        do throws(VaultFault) {
            answer = try await server.send(
                .login(role: role, account, mount: mount), to: origin, with: nil, hiding: account,
                within: limit)
        } catch {
            throw error.error
        }
        guard let auth = answer["auth"]?.object, let text = auth["client_token"]?.string,
            let seconds = auth["lease_duration"]?.integer, seconds >= 0, let token = try? VaultToken(text)
        else { throw VaultFault.malformed("its answer to the login has no token", origin).error }
        // Without a lease the token does not expire.
        guard seconds > 0 else { return Lease(token: token, times: nil) }
        let lease = Duration.seconds(min(seconds, Self.longestLease))
        return Lease(token: token, times: (start.advanced(by: lease * 2 / 3), start.advanced(by: lease)))
    }

    /// A year, in seconds.
    private static let longestLease: Int64 = 366 * 86400
}
