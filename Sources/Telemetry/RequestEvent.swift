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
    /// The token that was issued.
    package var token: UnsignedAccessToken?
    /// Whether the token was issued for an earlier request.
    package var isReused = false
    /// Why the request was refused.
    package var refusal: TokenRefusal?

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
        case .identified(let credentials, let grantType):
            client = credentials.clientIDs.lazy.compactMap { clients[$0] }.first
            self.grantType = grantType
        case .parsed: break
        case .authenticated(let client): self.client = client.client
        case .authorized(let grant): self.grant = grant
        }
    }

    /// The text of the log line.
    package var message: Logger.Message {
        switch (refusal, token) {
        case (.some, _): "Refused"
        case (nil, .some): "Token issued"
        case (nil, nil): "Answered"
        }
    }

    /// The members of the log line. A member that an RFC defines has its name there.
    package var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "endpoint": "\(endpoint.rawValue)", "request_id": "\(requestID)",
            "outcome": refusal == nil ? "success" : "refused",
            "duration_us": .stringConvertible(start.duration(to: .now).microseconds),
        ]
        if let address { metadata["address"] = .string(address.description) }
        if let client { metadata["client_id"] = .string(client.id.description) }
        if let grantType { metadata["grant_type"] = .string(grantType.rawValue) }
        if let grant {
            metadata["scope"] = .string(grant.terms.scope.description)
            metadata["audience"] = .array(grant.terms.audience.map { .string($0.description) })
        }
        if let token {
            metadata["jti"] = .string(token.tokenID.description)
            metadata["kid"] = .string(token.key.keyID)
            if isReused { metadata["reused"] = "true" }
        }
        if let refusal {
            metadata["error"] = .string(refusal.code.error.description)
            metadata["reason"] = .string(refusal.code.text.description)
            metadata["status"] = .stringConvertible(refusal.code.status)
            if let cause = refusal.cause { metadata["cause"] = .string("\(cause)") }
        }
        return metadata
    }
}

extension Duration {
    fileprivate var microseconds: Int {
        Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }
}
