public import AccessToken

/// The state of a client's authentication after the checks that are fast.
public enum ClientAuthentication: Sendable {
    /// The client has proven its identity.
    case proven(AuthenticatedClient)
    /// The credentials are refused. No slow check can change that.
    case refused(AuthenticationFailure)
    /// Password hashes must be checked, which takes too long for an event loop.
    case password(PendingPasswordCheck)
    /// The signature must be checked with the client's keys, which may have to be fetched.
    case assertion(PendingAssertionCheck)
    /// The signature must be checked with the keys of the issuer, which may have to be fetched.
    case identity(PendingIdentityCheck)

    /// `nil` if the credentials are refused, or if a slow check is still to be done.
    public var provenClient: AuthenticatedClient? {
        if case .proven(let client) = self { client } else { nil }
    }
}

extension ClientRegistry {
    /// Finds the client that `credentials` name and checks them, RFC 6749 section 2.3.
    ///
    /// The answer and the work are the same for an unknown client, for a wrong or expired secret, and for a method that
    /// the client may not use: see ``AuthenticationCost``.
    ///
    /// - Parameters:
    ///   - verified: the secrets that passed the check of a password hash before.
    ///   - now: a secret that has expired by then is not accepted.
    /// - Throws: ``TokenRefusal/Code/serverError`` if libcrypto fails, which says nothing about the credentials.
    public func authenticate(
        _ credentials: PresentedCredentials, verified: VerifiedSecrets, now: NumericDate
    ) throws(TokenRefusal) -> ClientAuthentication {
        try authenticate(credentials, identities: nil, certificatePath: nil, verified: verified, now: now)
    }

    /// The same with trusted issuers and authorities.
    ///
    /// - Parameters:
    ///   - identities: of these clients; `nil` if no issuer is trusted.
    ///   - certificatePath: verifies certificates of clients; `nil` if no authority is trusted.
    package func authenticate(
        _ credentials: PresentedCredentials, identities: IdentityRegistry?,
        certificatePath: CertificatePathCheck? = nil, verified: VerifiedSecrets, now: NumericDate
    ) throws(TokenRefusal) -> ClientAuthentication {
        var cost = AuthenticationCost()
        return try authenticate(
            credentials, identities: identities, certificatePath: certificatePath, verified: verified, now: now,
            cost: &cost)
    }

    func authenticate(
        _ credentials: PresentedCredentials, identities: IdentityRegistry? = nil,
        certificatePath: CertificatePathCheck? = nil, verified: VerifiedSecrets, now: NumericDate,
        cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> ClientAuthentication {
        switch credentials.kind {
        case .secret(let credentials):
            let check = SecretCheck(credentials: credentials, clients: self, verified: verified, now: now)
            let match = try check.quick(cost: &cost)
            if let client = match.client { return .proven(client) }
            guard decoys.passwords.isEmpty else { return .password(PendingPasswordCheck(check, quickMatch: match)) }
            return .refused(match.failure(.wrongCredentials))
        case .assertion(let assertion):
            cost.lookups += 1
            return .assertion(
                PendingAssertionCheck(assertion, client: self[assertion.clientID], decoys: assertionDecoys, now: now))
        case .certificate(let credentials):
            cost.lookups += 1
            let check = CertificateCheck(
                credentials: credentials, client: self[credentials.clientID], path: certificatePath, now: now)
            return try check.result(cost: &cost)
        case .identity(let identity):
            guard let identities else { return .refused(.init(.notAccepted, cause: .unknownIssuer)) }
            do throws(AuthenticationFailure) {
                return .identity(try PendingIdentityCheck(identity, identities, now: now))
            } catch {
                return .refused(error)
            }
        }
    }
}
