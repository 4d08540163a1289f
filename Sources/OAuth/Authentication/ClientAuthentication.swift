public import AccessToken

/// What is still to be done before it is known whether a client is who it says it is.
public enum ClientAuthentication: Sendable {
    /// Nothing: the client has proven who it is.
    case proven(AuthenticatedClient)
    /// Password hashes have to be checked, which takes too long for an event loop.
    case password(PendingPasswordCheck)
    /// The client's keys are needed, which may have to be fetched.
    case assertion(PendingAssertionCheck)

    /// `nil` if more has to be done.
    public var provenClient: AuthenticatedClient? {
        if case .proven(let client) = self { client } else { nil }
    }
}

extension ClientRegistry {
    /// Finds the client that `credentials` name and checks what it offers, RFC 6749 section 2.3.
    ///
    /// An unknown client, a wrong or expired secret and a method that the client may not use differ neither in the answer
    /// nor in the work: see ``AuthenticationCost``.
    ///
    /// - Parameters:
    ///   - verified: the secrets that passed the check of a password hash before.
    ///   - now: a secret that has expired by then is not accepted.
    /// - Throws: ``TokenRefusal/Code/invalidClient`` if that is certain without slow work, ``TokenRefusal/Code/serverError`` if
    ///   libcrypto fails.
    public func authenticate(
        _ credentials: PresentedCredentials, verified: VerifiedSecrets, now: NumericDate
    ) throws(TokenRefusal) -> ClientAuthentication {
        var cost = AuthenticationCost()
        return try authenticate(credentials, verified: verified, now: now, cost: &cost)
    }

    func authenticate(
        _ credentials: PresentedCredentials, verified: VerifiedSecrets, now: NumericDate, cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> ClientAuthentication {
        switch credentials.kind {
        case .secret(let credentials):
            let check = SecretCheck(credentials: credentials, clients: self, verified: verified, now: now)
            if let client = try check.quick(cost: &cost) { return .proven(client) }
            guard decoys.passwords.isEmpty else { return .password(PendingPasswordCheck(check)) }
            throw TokenRefusal(.invalidClient)
        case .assertion(let assertion):
            cost.lookups += 1
            return .assertion(
                PendingAssertionCheck(assertion, client: self[assertion.clientID], decoys: assertionDecoys, now: now))
        }
    }
}
