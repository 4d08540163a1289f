import AccessToken
import Logging
import Synchronization

/// Requests tokens from the issuer, and holds back requests that would fail like the one before.
final class TokenFetcher: Sendable {
    private let endpoint: IssuerEndpoint
    private let logger: Logger?
    let clock: SourceClock
    /// The pause for all requests: the issuer is down or busy, or does not accept the client.
    private let pause = Mutex(RetryPause())

    init(_ endpoint: IssuerEndpoint, clock: SourceClock, logger: Logger?) {
        self.endpoint = endpoint
        self.clock = clock
        self.logger = logger
    }

    /// Why no request may be made now; `nil` if one may, and then it must be made.
    func failure(now: ContinuousClock.Instant) -> TokenSourceError? {
        pause.withLock { $0.failureUnlessProbing(now: now) }
    }

    /// Makes one request.
    func fetch(_ access: RequestedAccess) async throws(TokenSourceError) -> (IssuedAccessToken, TokenLifetime) {
        let start = clock.now()
        let date = clock.date()
        let answer: TokenAnswer
        do throws(TokenSourceError) {
            answer = try TokenAnswer(try await endpoint.post(access.form), isBound: endpoint.dpopKey != nil)
        } catch {
            let now = clock.now()
            if error.concernsEveryRequest {
                let jitter = clock.jitter()
                pause.withLock { $0.fail(error, startedAt: start, now: now, jitter: jitter) }
            } else {
                pause.withLock { $0.endProbe() }
            }
            logger?.warning("No access token was obtained", metadata: Self.metadata(access, ["error": "\(error)"]))
            throw error
        }
        pause.withLock { $0.succeed(startedAt: start) }
        let token = IssuedAccessToken(
            value: answer.accessToken, type: answer.type, scope: answer.scope ?? access.scope,
            expiration: answer.lifetime.map { date + $0 }, access: access)
        logger?.debug("An access token was obtained", metadata: Self.metadata(access, ["token": "\(token)"]))
        let lifetime = TokenLifetime(answer.lifetime ?? TokenLifetime.unknown, from: start, jitter: clock.jitter())
        return (token, lifetime)
    }

    private static func metadata(_ access: RequestedAccess, _ more: Logger.Metadata) -> Logger.Metadata {
        var metadata = more
        let audiences = access.resources + access.audiences
        if !audiences.isEmpty { metadata["audience"] = .array(audiences.map { .string($0.description) }) }
        if let scope = access.scope { metadata["scope"] = .string(scope.description) }
        return metadata
    }
}
