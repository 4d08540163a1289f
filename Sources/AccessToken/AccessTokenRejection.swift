public import JOSE
import WireText

/// Why an access token was rejected. Descriptions never contain any part of the token. Two reasons are equal if their
/// codes are, and what they name.
public enum AccessTokenRejection: Error, Sendable, Equatable, CustomStringConvertible {
    /// It is not a JWS, or it was not signed with a key of the issuer.
    case signature(JWSError)
    /// `typ` is not that of the profile, which is `at+jwt` for RFC 9068 (section 4). The token may be an ID token.
    case wrongType
    /// A claim that the profile or the rules require is missing or malformed.
    case missingClaim(String)
    /// `iss` is another issuer, or none that is known.
    case wrongIssuer
    /// `aud` does not name this resource server.
    case wrongAudience
    /// `exp` has passed.
    case expired
    /// `nbf` is in the future, or `iat` if the age of a token is limited.
    case notYetValid
    /// `iat` is further in the past than the rules allow.
    case tooOld
    /// `cnf` binds the token to a key (RFC 7800 section 3.1), and no proof of this key was checked. As a bearer
    /// token it would be of use to a thief.
    case boundToKey
    /// The token is not bound to a key, or not to one of the kind that the request or the resource server needs: RFC 9449
    /// section 7.1 has the scheme `DPoP` for bound tokens alone.
    case notBoundToKey
    /// `x5t#S256` binds the token to another client certificate, or the request came without one (RFC 8705 section 3).
    case wrongCertificate
    /// The Status List that the token names says that it was revoked or suspended (draft-ietf-oauth-status-list-21 section 7).
    case revoked
    /// The Status List that the token names says nothing about it: the issuer has no such list, cannot have it, or has one
    /// without this token.
    case unknownStatus
    /// A check of the resource server's own refused the token, for this reason. Clients see it.
    case refused(String)

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
        case .wrongType: "its type is not the expected one"
        case .missingClaim(let name): "its claim \(name) is missing or malformed"
        case .wrongIssuer: "it comes from another issuer"
        case .wrongAudience: "it is meant for another audience"
        case .expired: "it has expired"
        case .notYetValid: "it is not valid yet"
        case .tooOld: "it was issued too long ago"
        case .boundToKey: "it is bound to a key, and no proof of that key was checked"
        case .notBoundToKey: "it is not bound to a key as it must be"
        case .wrongCertificate: "it is bound to a client certificate that the request did not come with"
        case .revoked: "it was revoked"
        case .unknownStatus: "the status list that it names says nothing about it"
        case .refused(let reason): reason
        }
    }

    /// A word for the reason, such as `expired`: for metrics, logs and programs. There are as many as there are cases.
    public var code: String {
        switch self {
        case .signature(.tooLong): "too_long"
        case .signature(.malformed): "malformed"
        case .signature(.unknownAlgorithm): "unknown_algorithm"
        case .signature(.algorithmNotAccepted): "algorithm_not_accepted"
        case .signature(.criticalExtension): "critical_extension"
        case .signature(.noSingleKey): "unknown_key"
        case .signature(.invalidSignature): "invalid_signature"
        case .signature(.cannotVerify): "cannot_verify"
        case .wrongType: "wrong_type"
        case .missingClaim: "missing_claim"
        case .wrongIssuer: "wrong_issuer"
        case .wrongAudience: "wrong_audience"
        case .expired: "expired"
        case .notYetValid: "not_yet_valid"
        case .tooOld: "too_old"
        case .boundToKey: "bound_to_key"
        case .notBoundToKey: "not_bound_to_key"
        case .wrongCertificate: "wrong_certificate"
        case .revoked: "revoked"
        case .unknownStatus: "unknown_status"
        case .refused: "refused"
        }
    }

    /// Compares the codes, and the names of claims and the reasons of checks octet for octet.
    public static func == (first: AccessTokenRejection, second: AccessTokenRejection) -> Bool {
        switch (first, second) {
        case (.signature(let first), .signature(let second)): first == second
        case (.missingClaim(let first), .missingClaim(let second)): first.isSameText(as: second)
        case (.refused(let first), .refused(let second)): first.isSameText(as: second)
        default: first.code.isSameText(as: second.code)
        }
    }
}
