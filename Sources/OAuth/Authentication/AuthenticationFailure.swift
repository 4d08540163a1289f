/// Why credentials that were checked do not authenticate a client. The client gets the same answer for each; the case
/// decides what the failure counts for.
public enum AuthenticationFailure: Error, Sendable, Equatable {
    /// No secret or key of the client matches at once, and no password hash could decide. It may be a guess.
    case wrongCredentials
    /// No secret of the client matches, and password hashes were checked too. It may be a guess.
    case wrongPassword
    /// A secret or a key of the client matches, but another rule refuses it: its expiry, the method, the audience, the
    /// time or an earlier use. It is no guess.
    case notAccepted

    /// The refusal that the client gets.
    package var refusal: TokenRefusal { TokenRefusal(.invalidClient) }
}
