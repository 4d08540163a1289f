public import JOSE

/// Why an access token was rejected. Descriptions never contain any part of the token. Two reasons are equal if their
/// codes are.
public enum AccessTokenRejection: Error, Sendable, Equatable, CustomStringConvertible {
    /// It is not a JWS, or it was not signed with a key of the issuer.
    case signature(JWSError)
    /// `typ` is not `at+jwt` (RFC 9068 section 4). The token may be an ID token.
    case wrongType
    /// A claim that RFC 9068 section 2.2 requires is missing or malformed.
    case missingClaim(StaticString)
    /// `iss` is another issuer.
    case wrongIssuer
    /// `aud` does not name this resource server.
    case wrongAudience
    /// `exp` has passed.
    case expired
    /// `nbf` is in the future.
    case notYetValid

    /// A human-readable clause in which "it" is the token.
    public var description: String {
        switch self {
        case .signature(.tooLong): "the token is too long"
        case .signature(.malformed): "it is not a JWT"
        case .signature(.unknownAlgorithm): "its signature algorithm is none, or not known"
        case .signature(.algorithmNotAccepted): "its signature algorithm is not one of those that are accepted"
        case .signature(.criticalExtension): "its header asks for an extension that is not supported"
        case .signature(.noSingleKey): "no key of the issuer fits its kid and alg"
        case .signature(.invalidSignature): "its signature is not valid"
        case .signature(.cannotVerify(let error)): "its signature could not be checked: libcrypto \(error)"
        case .wrongType: "its type is not at+jwt"
        case .missingClaim(let name): "its claim \(name) is missing or malformed"
        case .wrongIssuer: "it comes from another issuer"
        case .wrongAudience: "it is meant for another audience"
        case .expired: "it has expired"
        case .notYetValid: "it is not valid yet"
        }
    }

    /// Compares the codes. A `StaticString` is not `Equatable`.
    public static func == (first: AccessTokenRejection, second: AccessTokenRejection) -> Bool {
        switch (first, second) {
        case (.signature(let first), .signature(let second)): first == second
        case (.missingClaim(let first), .missingClaim(let second)): first.description == second.description
        case (.wrongType, .wrongType), (.wrongIssuer, .wrongIssuer), (.wrongAudience, .wrongAudience),
            (.expired, .expired), (.notYetValid, .notYetValid):
            true
        default: false
        }
    }
}
