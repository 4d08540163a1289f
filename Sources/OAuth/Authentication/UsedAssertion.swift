package import AccessToken

/// Records the uses of what is good once.
package protocol ReplayProtection: Sendable {
    /// Records the use of an assertion, or of a DPoP proof, that meets every other rule.
    ///
    /// - Throws: ``TokenRefusal/Code/replayStoreUnavailable`` if it is not known whether it was used, and
    ///   ``TokenRefusal/Code/serverError`` if libcrypto fails. Neither says anything about the assertion.
    func use(_ assertion: UsedAssertion, now: NumericDate) async throws(TokenRefusal) -> AssertionUse
}

/// What the use of an assertion, or of a DPoP proof, is recorded by. It meets every other rule.
package struct UsedAssertion: Sendable {
    /// Who gave it its `jti`, which is unique there alone.
    package enum Maker: Sendable {
        /// The client itself.
        case client
        /// A trusted issuer, by its identifier.
        case issuer(String)
        /// The holder of the key of a DPoP proof, by its thumbprint (RFC 9449 section 11.1).
        case key(thumbprint: String)
    }

    /// `jti`
    package let tokenID: String
    /// The client that uses it, which its use counts for.
    package let clientID: ClientID
    package let maker: Maker
    /// `iat`; `nil` if the client does not say when it made the assertion.
    package let issuedAt: NumericDate?
    /// `exp`
    package let expiresAt: NumericDate
    /// Whether a second use is refused. If not, uses are recorded all the same, so that none is unknown when the rule is
    /// changed.
    package let isSingleUse: Bool
    /// The longest time between the first and the last moment at which it is accepted, under any rules that there may have
    /// been before.
    private let longestUse: Duration
    /// How far `iat` may be ahead of the moment of a use.
    private let leeway: Duration

    package init(
        tokenID: String, clientID: ClientID, maker: Maker = .client, issuedAt: NumericDate?, expiresAt: NumericDate,
        isSingleUse: Bool = true, longestUse: Duration = AssertionRules.longestUse, leeway: Duration = .zero
    ) {
        self.longestUse = longestUse
        self.leeway = leeway
        self.maker = maker
        self.tokenID = tokenID
        self.clientID = clientID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.isSingleUse = isSingleUse
    }

    /// Whether it is a DPoP proof.
    package var isProof: Bool { if case .key = maker { true } else { false } }

    /// What it is recorded by. No identifier of a client, an issuer or a key has a line feed, so the parts cannot run into each
    /// other.
    package var recordedAs: String {
        switch maker {
        case .client: "client\n\(clientID)\n\(tokenID)"
        case .issuer(let identifier): "issuer\n\(identifier)\n\(tokenID)"
        case .key(let thumbprint): "key\n\(thumbprint)\n\(tokenID)"
        }
    }

    /// Whether it can have been accepted before the second `start`.
    ///
    /// It cannot if it was made since, by a clock that may be ahead by the leeway, or if it expires so late that it was not
    /// accepted yet. If the client says that it made it before, the longest lifetime that any rules allow counts: they may have
    /// been changed at the start, and the client makes its next assertion after it.
    ///
    /// - Parameter longestUse: how long the client's assertions were accepted when the service started.
    package func mayHaveBeenUsed(before start: NumericDate, longestUse: Duration) -> Bool {
        guard let issuedAt else { return expiresAt < start + longestUse }
        return issuedAt < start + leeway && expiresAt < start + self.longestUse
    }
}

/// The result of recording the use of an assertion, which is accepted once (RFC 7523 section 3, number 7).
package enum AssertionUse: Sendable {
    case first
    case repeated
    /// It may have been used before the service started, and what was used then is not known.
    case possiblyRepeated
    /// No further use can be recorded, so no further assertion can be accepted.
    case full

    /// Why an assertion for single use is refused; `nil` if it is accepted. DPoP proofs have causes of their own:
    /// ``PresentedProof`` decides about them.
    func refusal(of maker: UsedAssertion.Maker) -> RefusalCause? {
        let isIdentity = if case .issuer = maker { true } else { false }
        return switch self {
        case .first: nil
        case .repeated: isIdentity ? .identityReplayed : .assertionReplayed
        case .possiblyRepeated: isIdentity ? .identityBeforeStart : .assertionBeforeStart
        case .full: .replayCacheFull
        }
    }
}

/// The outcome of all rules of an assertion but the last, that it is used once.
package enum AssertionCheck: Sendable {
    case refused(AuthenticationFailure)
    /// Nothing is to be recorded.
    case accepted(AuthenticatedClient)
    case unrecorded(UnrecordedAssertion)
}

/// An assertion that meets every other rule, and whose use is to be recorded.
package struct UnrecordedAssertion: Sendable {
    /// What its use is recorded by.
    package let used: UsedAssertion
    private let client: AuthenticatedClient

    /// What the log has of a platform's token; `nil` for a client's own assertion.
    package var identity: IdentityTrace? { client.evidence.identity }

    init(_ used: UsedAssertion, of client: AuthenticatedClient) {
        self.used = used
        self.client = client
    }

    /// Applies the last rule.
    ///
    /// - Parameter use: the result of recording the use.
    /// - Throws: ``TokenRefusal/Code/overloaded`` if no more uses can be recorded, which says nothing about the assertion.
    package func conclude(
        _ use: AssertionUse
    ) throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        guard used.isSingleUse, let cause = use.refusal(of: used.maker) else { return .success(client) }
        guard cause != .replayCacheFull else { throw about(TokenRefusal(.overloaded, cause: cause)) }
        var failure = AuthenticationFailure(.notAccepted, cause: cause)
        failure.identity = identity
        return .failure(failure)
    }

    /// A refusal with what the log has of a platform's token.
    package func about(_ refusal: TokenRefusal) -> TokenRefusal { identity.map(refusal.about) ?? refusal }
}
