package import AccessToken

/// What a client offers to prove who it is, RFC 6749 section 2.3. Nothing of it is proven yet.
package struct PresentedCredentials: Sendable {
    enum Kind {
        /// RFC 6749 section 2.3.1
        case secret(SecretCredentials)
        /// RFC 7523 section 2.2
        case assertion(ClientAssertion)
    }

    let kind: Kind

    /// - Throws: ``TokenError/invalidClient`` for no credentials at all and for those that cannot be read.
    init(authorization: [String], parameters: FormParameters) throws(TokenError) {
        let hasAssertion = parameters["client_assertion"] != nil || parameters["client_assertion_type"] != nil
        let secret = parameters["client_secret"]
        // RFC 6749 section 2.3: not more than one method in a request.
        guard authorization.count + (secret == nil ? 0 : 1) + (hasAssertion ? 1 : 0) <= 1 else {
            throw .twoAuthenticationMethods
        }
        if let header = authorization.first {
            kind = .secret(try SecretCredentials(basic: header, parameters: parameters))
        } else if let secret {
            kind = .secret(try SecretCredentials(posted: secret, parameters: parameters))
        } else if hasAssertion {
            kind = .assertion(try ClientAssertion(parameters))
        } else {
            throw .invalidClient
        }
    }

    /// The clients that they may be for, if they are good: one for each reading of what was sent, most likely first. Each
    /// is an attempt of its own.
    package var clientIDs: [ClientID] {
        switch kind {
        case .secret(let credentials): credentials.readings.map(\.clientID)
        case .assertion(let assertion): [assertion.clientID]
        }
    }
}
