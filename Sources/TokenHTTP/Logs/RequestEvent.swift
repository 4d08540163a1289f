import AccessToken
import Logging
import OAuth

/// What is told of one request to an endpoint for clients: who, what for, with which outcome. Nothing that proves who
/// somebody is stands in it, and no token.
struct RequestEvent {
    /// Where it was sent.
    let endpoint: Endpoint
    /// That of the request, so that its lines can be found.
    let requestID: String
    /// Its span.
    let trace: RequestTrace
    private let start = ContinuousClock.now

    /// Where the request came from.
    var address: IPAddress?
    /// The client, where there is one of this name: what somebody put in its place may be a secret.
    var client: Client?
    /// What it asks by, where it is known.
    var grantType: GrantType?
    /// What the client was granted.
    var grant: AuthorizedGrant?
    /// The token that was issued.
    var token: UnsignedAccessToken?
    /// Whether it was issued to the client before.
    var isReused = false
    /// Why it was refused.
    var error: TokenError?

    init(_ endpoint: Endpoint, requestID: String, trace: RequestTrace) {
        self.endpoint = endpoint
        self.requestID = requestID
        self.trace = trace
    }

    var message: Logger.Message {
        switch (error, token) {
        case (.some, _): "Refused"
        case (nil, .some): "Token issued"
        case (nil, nil): "Answered"
        }
    }

    /// With the names of the RFCs where they have one.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "endpoint": "\(endpoint.rawValue)", "request_id": "\(requestID)",
            "outcome": error == nil ? "success" : "refused",
            "duration_us": .stringConvertible(start.duration(to: .now).microseconds),
        ]
        if let address { metadata["address"] = .string(address.description) }
        if let client { metadata["client_id"] = .string(client.id.description) }
        if let grantType { metadata["grant_type"] = .string(grantType.rawValue) }
        if let grant {
            metadata["scope"] = .string(grant.scope.description)
            metadata["audience"] = .array(grant.audience.map { .string($0.description) })
        }
        if let token {
            metadata["jti"] = .string(token.tokenID.description)
            metadata["kid"] = .string(token.key.keyID)
            if isReused { metadata["reused"] = "true" }
        }
        if let error {
            metadata["error"] = .string(error.code.description)
            metadata["reason"] = .string(error.text.description)
            metadata["status"] = .stringConvertible(error.status)
        }
        return metadata
    }
}

extension Duration {
    fileprivate var microseconds: Int {
        Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }
}
