package import AccessToken

/// What it takes to know whether a client is who it says.
package enum ClientAuthentication: Sendable {
    /// Nothing more: it has proven who it is.
    case proven(AuthenticatedClient)
    /// Password hashes, which take long: not for an event loop.
    case password(PendingPasswordCheck)
    /// The client's keys, which may have to be fetched.
    case assertion(PendingAssertionCheck)

    /// nil where more is needed.
    package var provenClient: AuthenticatedClient? {
        if case .proven(let client) = self { client } else { nil }
    }
}

extension ClientRegistry {
    /// Finds the client that `credentials` name and checks what it offers, RFC 6749 section 2.3.
    ///
    /// An unknown client, a wrong or expired secret and a method that the client may not use are told apart neither in
    /// the answer nor in the work: see ``AuthenticationCost``.
    ///
    /// - Throws: ``TokenError/invalidClient`` where that is plain without slow work.
    package func authenticate(
        _ credentials: PresentedCredentials, now: NumericDate
    ) throws(TokenError) -> ClientAuthentication {
        var work = AuthenticationCost()
        return try authenticate(credentials, now: now, work: &work)
    }

    func authenticate(
        _ credentials: PresentedCredentials, now: NumericDate, work: inout AuthenticationCost
    ) throws(TokenError) -> ClientAuthentication {
        switch credentials.kind {
        case .secret(let credentials):
            if let match = try MatchedSecret(credentials, in: self, now: now, work: &work) {
                return .proven(AuthenticatedClient(match))
            }
            guard decoys.passwords.isEmpty else { return .password(PendingPasswordCheck(credentials, self, now: now)) }
            throw .invalidClient
        case .assertion(let assertion):
            work.lookups += 1
            return .assertion(
                PendingAssertionCheck(assertion, client: self[assertion.clientID], decoys: assertionDecoys, now: now))
        }
    }
}
