public import Logging
public import RemoteKeys

/// Whether a verifier looks up in a Status List if a token was revoked (draft-ietf-oauth-status-list), and how it gets the
/// lists.
///
/// A token names its list and its place in the list with the claim `status`. The list must be of the issuer: of the same
/// scheme, host and port, and signed with one of its keys. A token whose status is not 0 is refused. A token without the
/// claim is in no list, and is accepted: the issuer decides which tokens are listed.
public struct StatusListRules: Sendable {
    /// What a verifier does with the claim `status`.
    public enum Mode: Sendable, Hashable {
        /// It does not read the claim: a revoked token is accepted until it expires.
        case ignored
        /// It accepts a token with the claim by a list that is fresh. While there is none, requests with such a token are
        /// answered 503.
        case required
        /// The same, and while a list cannot be fetched again, the last one is used for this time after it was fresh, but
        /// never from its `exp` on. A token that was revoked meanwhile is accepted.
        case tolerating(staleness: Duration)
    }

    /// Fetches the Status List Token behind a URI once, in the compact serialization of RFC 7515 section 7.1. The URI has the
    /// origin of the issuer.
    ///
    /// It throws `DocumentFetchError(.status(404))` if the issuer has no such list, so that tokens that name it are refused.
    /// After any other error nothing is known about the list.
    public typealias Fetch = @Sendable (_ uri: String) async throws -> FetchedDocument<[UInt8]>

    /// What a verifier does with the claim `status`.
    public var mode: Mode
    /// Certificate authorities, headers, proxy and time limit.
    public var settings: FetchSettings
    /// Gets a warning for each list that could not be fetched, even if an older one can still be used.
    public var logger: Logger
    /// Fetches a list in a way of the program's own, in place of one GET request. Of ``settings`` the time limit holds: after
    /// it the task is cancelled, and the fetch has failed.
    public var fetch: Fetch?

    /// A monotonic clock.
    package var clock: @Sendable () -> ContinuousClock.Instant = { .now }

    /// - Parameters:
    ///   - mode: what a verifier does with the claim `status`.
    ///   - settings: certificate authorities, headers, proxy and time limit.
    ///   - logger: gets a warning for each list that could not be fetched.
    ///   - fetch: fetches a list in a way of the program's own.
    public init(
        _ mode: Mode, settings: FetchSettings = .standard, logger: Logger = .tokenVerifier, fetch: Fetch? = nil
    ) {
        self.mode = mode
        self.settings = settings
        self.logger = logger
        self.fetch = fetch
    }

    /// ``Mode/ignored``
    public static var ignored: StatusListRules { StatusListRules(.ignored) }

    /// ``Mode/required``
    public static var required: StatusListRules { StatusListRules(.required) }

    /// ``Mode/tolerating(staleness:)``
    public static func tolerating(staleness: Duration) -> StatusListRules {
        StatusListRules(.tolerating(staleness: staleness))
    }
}
