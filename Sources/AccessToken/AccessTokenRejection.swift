public import JOSE

/// Why a text is no access token for this resource server. The texts repeat nothing of the token.
public enum AccessTokenRejection: Error, Sendable, CustomStringConvertible {
    /// It is no JWS, or nobody whom we trust has signed it.
    case signature(JWSError)
    /// `typ` is not `at+jwt` (RFC 9068 section 4): an ID token, say.
    case wrongType
    /// A claim that RFC 9068 section 2.2 requires is missing or malformed.
    case missingClaim(StaticString)
    /// `iss` is another issuer.
    case wrongIssuer
    /// `aud` does not name this resource server.
    case wrongAudience
    /// `exp` has passed.
    case expired
    /// `nbf` is still to come.
    case notYetValid

    /// For people; nothing of the token is in it.
    public var description: String {
        switch self {
        case .signature(.tooLong): "the token is too long"
        case .signature(.malformed): "it is not a JWT"
        case .signature(.unknownAlgorithm): "its signature algorithm is none, or not known"
        case .signature(.criticalExtension): "its header asks for an extension that is not supported"
        case .signature(.noSingleKey): "no key of the issuer fits its kid and alg"
        case .signature(.invalidSignature): "its signature is not valid"
        case .wrongType: "its type is not at+jwt"
        case .missingClaim(let name): "its claim \(name) is missing or malformed"
        case .wrongIssuer: "it comes from another issuer"
        case .wrongAudience: "it is meant for another audience"
        case .expired: "it has expired"
        case .notYetValid: "it is not valid yet"
        }
    }
}
