import AccessToken
package import Logging
package import OAuth
package import WireText

/// The report of one request to the token or the introspection endpoint: the client, what it requested and the outcome.
/// It contains no token and no credentials.
package struct RequestEvent: Sendable {
    /// The endpoint that received the request.
    package let endpoint: Endpoint
    /// Identifies the request in the log, in spans and in the answer.
    package let requestID: String
    private let start = ContinuousClock.now

    /// The address that the request came from.
    package var address: IPAddress?
    /// The registered client. An unregistered identifier is not reported: it may be a secret in the wrong place.
    package var client: Client?
    /// `grant_type`, or `nil` if it is missing or not known.
    package var grantType: GrantType?
    /// What the client was granted.
    package var grant: AuthorizedGrant?
    /// The key that the client has proven to hold.
    package var confirmation: Confirmation?
    /// The token that was issued.
    package var token: UnsignedAccessToken?
    /// Whether the token was issued for an earlier request.
    package var isReused = false
    /// Why the request was refused.
    package var refusal: TokenRefusal?
    /// The platform's token that the client authenticated with.
    private var authenticatedIdentity: IdentityTrace?
    /// How long each step took; empty unless steps are logged.
    package var steps: [RequestStep] = []
    /// The trace that the request belongs to: 32 hexadecimal digits, W3C Trace Context section 3.2.2.3.
    package var traceID: String?

    /// Begins the report of a request that has just arrived.
    package init(_ endpoint: Endpoint, requestID: String) {
        self.endpoint = endpoint
        self.requestID = requestID
    }

    /// Adds the result of one step of the request.
    ///
    /// - Parameter clients: all registered clients.
    package mutating func add(_ progress: RequestProgress, _ clients: ClientRegistry) {
        switch progress {
        case .identified(let claimed, let grantType):
            client = claimed.lazy.compactMap { clients[$0] }.first
            self.grantType = grantType
        case .parsed: break
        case .authenticated(let client):
            self.client = client.client
            authenticatedIdentity = client.evidence.identity
            confirmation = client.evidence.confirmation
        case .bound(let confirmation): self.confirmation = confirmation
        case .authorized(let grant):
            self.grant = grant
            confirmation = grant.terms.confirmation ?? confirmation
        }
    }

    /// The platform's token in the request; `nil` without one, or if it names no trusted issuer.
    package var identity: IdentityTrace? { refusal?.identity ?? authenticatedIdentity }

    /// The text of the log line.
    package var message: Logger.Message {
        switch (refusal, token) {
        case (.some, _): "Refused"
        case (nil, .some): "Token issued"
        case (nil, nil): "Answered"
        }
    }
}

/// A step of a request, and the time that it took.
package struct RequestStep: Sendable, Equatable {
    package let name: String
    package let duration: Duration
}

extension RequestEvent: LogFields {
    /// A member that an RFC defines has its name there.
    package func write(to line: inout some LogLine) {
        if let address { line.member("address", address.description) }
        if let grant { line.member("audience", grant.terms.audience.map(\.description)) }
        if let refusal { line.member("cause", refusal.cause.rawValue) }
        if let client { line.member("client_id", client.id.description) }
        line.member("duration_us", start.duration(to: .now).microseconds)
        line.member("endpoint", endpoint.rawValue)
        if let refusal { line.member("error", refusal.code.error.description) }
        if let error = refusal?.underlyingError { line.member("failure", "\(error)") }
        if let grantType { line.member("grant_type", grantType.rawValue) }
        if let identity {
            if let rule = identity.rule { line.member("identity", BoundedText(rule).text) }
            line.member("identity_issuer", identity.issuer)
            if let subject = identity.subject { line.member("identity_subject", BoundedText(subject).text) }
        }
        // RFC 9449 section 6.1, RFC 8705 section 3.1
        for (name, digest) in confirmation?.members ?? [] { line.member(name, digest) }
        if let token {
            line.member("jti", token.tokenID.description)
            line.member("kid", token.key.keyID)
        }
        line.member("outcome", refusal == nil ? "success" : "refused")
        if let refusal { line.member("reason", refusal.text) }
        line.member("request_id", requestID)
        if isReused { line.member("reused", "true") }
        if let grant { line.member("scope", grant.terms.scope.description) }
        if let refusal { line.member("status", Int64(refusal.code.status)) }
        if let traceID { line.member("trace_id", traceID) }
    }
}

/// How long each step of a request took.
struct RequestSteps: LogFields {
    let event: RequestEvent

    func write(to line: inout some LogLine) {
        line.member("endpoint", event.endpoint.rawValue)
        line.member("request_id", event.requestID)
        for step in event.steps { line.member("\(step.name)_us", step.duration.microseconds) }
    }
}

extension Duration {
    fileprivate var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
