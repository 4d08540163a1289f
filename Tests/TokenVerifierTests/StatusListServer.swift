import AccessToken
import RemoteKeys
import Synchronization
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// A server of lists, in memory, with a clock.
final class StatusListServer: Sendable {
    let issuer: TestIssuer
    private let start = ContinuousClock.now
    private struct State {
        var fetches: [String] = []
        var seconds = 0.0
        var isDown = false
        var entryCount = 8
        var timeToLive: Int?
        var maximumAge = 30
        var delay = 0.0
    }
    private let state = Mutex(State())

    init(_ issuer: TestIssuer) { self.issuer = issuer }

    var fetches: [String] { state.withLock { $0.fetches } }
    func pass(_ seconds: Double) { state.withLock { $0.seconds += seconds } }
    func goDown(_ isDown: Bool = true) { state.withLock { $0.isDown = isDown } }
    func answer(entryCount: Int) { state.withLock { $0.entryCount = entryCount } }
    func answer(maximumAge: Int, timeToLive: Int?) {
        state.withLock { ($0.maximumAge, $0.timeToLive) = (maximumAge, timeToLive) }
    }
    /// Each answer takes this time by the clock.
    func answer(afterSeconds delay: Double) { state.withLock { $0.delay = delay } }
    var now: ContinuousClock.Instant { start.advanced(by: .seconds(state.withLock { $0.seconds })) }

    func fetch(_ uri: String) throws -> FetchedDocument<[UInt8]> {
        let state = state.withLock { state in
            state.fetches.append(uri)
            state.seconds += state.delay
            return state
        }
        if state.isDown { throw DocumentFetchError(.status(500)) }
        let list = StatusListToken(
            uri: uri, issuedAt: .now, expiresAt: nil, timeToLive: state.timeToLive.map { .seconds($0) },
            list: StatusList(entryCount: state.entryCount))
        let token = try issuer.token(payload: list.json(), type: "statuslist+jwt")
        return FetchedDocument(Array(token.utf8), maximumAge: .seconds(state.maximumAge))
    }

    func rules(_ mode: StatusListRules.Mode = .required) -> StatusListRules {
        var rules = StatusListRules(mode, logger: .silent) { [self] uri in try fetch(uri) }
        rules.clock = { [self] in now }
        return rules
    }

    func verifier(_ mode: StatusListRules.Mode = .required) throws -> AccessTokenVerifier {
        try issuer.verifier(rules: VerificationRules(statusLists: rules(mode)))
    }

    func lists(_ mode: StatusListRules.Mode = .required) throws -> StatusLists {
        try #require(try verifier(mode).statusCheck.lists)
    }

    static func uri(_ number: Int) -> String { "https://issuer.example.com/lists/\(number)" }

    /// A token that names a list.
    func token(_ number: Int) throws -> String {
        try issuer.token(claims: ["status": StatusListReference(index: 1, uri: Self.uri(number)).json])
    }
}

extension AccessTokenVerifier {
    /// `accepted`, or the code of the error.
    func outcome(of token: String) async -> String {
        do throws(AccessTokenVerificationError) {
            _ = try await verify(token)
            return "accepted"
        } catch {
            return error.code
        }
    }
}
