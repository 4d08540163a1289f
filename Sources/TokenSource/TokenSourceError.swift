/// Why there is no token. Errors with the same ``code`` are equal.
///
/// Its description has no part of a credential or a token.
public struct TokenSourceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Sendable, Hashable {
        /// The credential's file cannot be read, or a key cannot be used. ``TokenSourceError/cause`` says why.
        case unusableCredential
        /// The issuer's metadata cannot be fetched, is that of another issuer, or names no endpoint that may be used.
        case undiscovered
        /// No answer: the connection was refused, the host is unknown, the certificate is not trusted, it took too long.
        case unreachable
        /// The issuer refused the request: ``TokenSourceError/refusal`` has its error.
        case refused
        /// An answer with another status than 200, and without an error of RFC 6749 section 5.2. Redirects are not followed:
        /// another host would get the credential.
        case unexpectedStatus(UInt)
        /// An answer with status 200 that is not that of RFC 6749 section 5.1, or an answer that is too large.
        case malformedAnswer
        /// `token_type` is absent, or is not `Bearer` (RFC 6749 section 7.1), or not `DPoP` if the source has a DPoP key.
        case unusableTokenType
        /// A request with a token to a URL that is neither https nor http on a loopback host.
        case insecureURL
        /// The task of the caller was cancelled.
        case cancelled
    }

    /// The kind of failure.
    public let code: Code
    /// The issuer's error, for the code ``Code/refused``.
    public let refusal: OAuthRefusal?
    /// `Retry-After` of the answer, at most an hour; `nil` if the answer has none.
    public let retryAfter: Duration?
    /// The error behind this one, if there is one.
    public let cause: (any Error)?

    init(
        _ code: Code, refusal: OAuthRefusal? = nil, retryAfter: Duration? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.refusal = refusal
        self.retryAfter = retryAfter
        self.cause = cause
    }

    /// Compares the codes.
    public static func == (one: Self, other: Self) -> Bool { one.code == other.code }

    /// Whether the same request may succeed soon, without a change to the client or to the issuer's configuration.
    public var isTemporary: Bool {
        switch code {
        case .unusableCredential, .undiscovered, .unreachable, .malformedAnswer, .cancelled: true
        case .unexpectedStatus(let status): status >= 500 || [408, 425, 429].contains(status)
        case .refused: refusal?.isTemporary ?? false
        case .unusableTokenType, .insecureURL: false
        }
    }

    /// Whether every request to the issuer fails now, whatever it asks for.
    var concernsEveryRequest: Bool {
        switch code {
        case .undiscovered, .unreachable: true
        case .unexpectedStatus(let status): status == 429 || status == 503
        case .refused: refusal.map { $0.isAboutClient || $0.status == 429 || $0.status == 503 } ?? false
        case .unusableCredential, .malformedAnswer, .unusableTokenType, .insecureURL, .cancelled: false
        }
    }

    /// A human-readable description.
    public var description: String {
        let reason = cause.map { ": \($0)" } ?? ""
        return switch code {
        case .unusableCredential: "the client's credential cannot be used\(reason)"
        case .undiscovered: "the token endpoint was not found in the issuer's metadata\(reason)"
        case .unreachable: "the issuer gave no answer\(reason)"
        case .refused: "the issuer refused\(refusal.map { ": \($0)" } ?? "")"
        case .unexpectedStatus(let status) where (300...399).contains(status):
            "the issuer answered with status \(status), and redirects are not followed"
        case .unexpectedStatus(let status): "the issuer answered with status \(status)"
        case .malformedAnswer: "the issuer's answer cannot be used\(reason)"
        case .unusableTokenType: "the issuer's token has another type than was requested (RFC 6749 section 7.1)"
        case .insecureURL: "the URL is neither https nor http on a loopback host: no token is sent there"
        case .cancelled: "the task was cancelled"
        }
    }
}
