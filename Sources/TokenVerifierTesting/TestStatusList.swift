public import AccessToken
public import JOSE
import RemoteKeys
import Synchronization
public import TokenVerifier

/// A Status List of a ``TestIssuer``, for the tests of programs that look up if tokens were revoked.
///
/// Nothing is fetched: verifiers with its ``rules(_:)`` get the list from this object. Each change counts at once, since the
/// list has a clock of its own by which older answers are no longer fresh.
public final class TestStatusList: Sendable {
    /// The URI of the list: `/status-lists/1` of the issuer.
    public let uri: String

    private let issuer: TestIssuer
    private let now: @Sendable () -> NumericDate
    private let state: Mutex<State>

    private struct State {
        var list: StatusList
        var isDown = false
        var time = ContinuousClock.now
    }

    /// From `iat` to `exp`. A list that is fetched is fresh for a twentieth of it.
    private static let lifetime = Duration.seconds(600)
    private static let timeToLive = Duration.seconds(30)

    /// - Parameters:
    ///   - issuer: whose tokens name the list.
    ///   - entryCount: the number of places.
    ///   - now: `iat` of the list: the clock of the verifiers, if that is not the machine's.
    public init(
        of issuer: TestIssuer, entryCount: Int = 1024, now: @escaping @Sendable () -> NumericDate = { .now }
    ) {
        self.issuer = issuer
        self.now = now
        uri = "\(issuer.issuer.origin)/status-lists/1"
        state = Mutex(State(list: StatusList(entryCount: entryCount)))
    }

    /// The claim `status` of a token.
    ///
    /// - Parameter index: its place. One that the list does not have makes verifiers refuse the token.
    public func claim(_ index: Int) -> JSONValue {
        StatusListReference(index: Int64(index), uri: uri).json
    }

    /// Revokes the tokens at a place.
    ///
    /// - Parameter index: less than the number of places.
    public func revoke(_ index: Int) {
        state.withLock {
            $0.list.set(index)
            $0.time += Self.timeToLive
        }
    }

    /// Whether the list cannot be fetched.
    public var isDown: Bool {
        get { state.withLock { $0.isDown } }
        set {
            state.withLock {
                $0.isDown = newValue
                $0.time += Self.timeToLive
            }
        }
    }

    /// Lets time pass for verifiers: a list is fresh for 30 seconds, and expires after ten minutes.
    public func pass(_ duration: Duration) { state.withLock { $0.time += duration } }

    /// Rules for verifiers, which get the list from this object.
    public func rules(_ mode: StatusListRules.Mode = .required) -> StatusListRules {
        var rules = StatusListRules(mode) { [self] uri in
            guard !isDown else { throw DocumentFetchError(.unreachable, "the test list is down") }
            guard Array(uri.utf8) == Array(self.uri.utf8) else { throw DocumentFetchError(.status(404)) }
            return FetchedDocument(Array(try token().utf8), maximumAge: Self.timeToLive)
        }
        rules.clock = { [self] in state.withLock { $0.time } }
        return rules
    }

    /// The list as a signed Status List Token, for a server of the test's own.
    ///
    /// - Parameter now: `iat`; `nil` for the clock of the list.
    public func token(now: NumericDate? = nil) throws -> String {
        let now = now ?? self.now()
        let content = StatusListToken(
            uri: uri, issuedAt: now, expiresAt: now + Self.lifetime, timeToLive: Self.timeToLive,
            list: state.withLock { $0.list })
        return try issuer.token(payload: content.json(), type: StatusListToken.type.description)
    }
}
