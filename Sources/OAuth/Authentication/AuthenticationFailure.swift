/// Why credentials that were checked do not authenticate a client. The client gets the same answer for each.
public struct AuthenticationFailure: Error, Sendable, Equatable {
    /// What a failure counts for.
    package enum Weight: Sendable, Equatable {
        /// No secret or key of the client matches at once, and no password hash could decide. It may be a guess.
        case wrongCredentials
        /// No secret of the client matches, and password hashes were checked too. It may be a guess.
        case wrongPassword
        /// A secret or a key of the client matches, but another rule refuses it: its expiry, the method, the audience,
        /// the time or an earlier use. It is no guess.
        case notAccepted
    }

    /// Decides what the failure counts for.
    package let weight: Weight
    /// The rule that was broken, for the log.
    package let cause: RefusalCause
    /// The platform's token; `nil` without one, or if it names no trusted issuer.
    package var identity: IdentityTrace?

    /// A failure that is refused by the rule of `cause`.
    package init(_ weight: Weight, cause: RefusalCause) {
        self.weight = weight
        self.cause = cause
    }

    /// The refusal that the client gets.
    package var refusal: TokenRefusal {
        var refusal = TokenRefusal(.invalidClient, cause: cause)
        refusal.identity = identity
        return refusal
    }
}
