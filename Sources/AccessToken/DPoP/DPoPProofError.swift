public import JOSE
public import Libcrypto
import WireText

/// Why a DPoP proof is refused. The descriptions hold no part of it, so a client may see them. Two errors are equal if their
/// codes are, and what they name.
public enum DPoPProofError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The request has no proof.
    case missing
    /// RFC 9449 section 4.3, number 1: the request has more than one.
    case several
    /// Number 2: it is no JWT, or too long.
    case malformed
    /// Number 3: a claim is missing or has another type.
    case missingClaim(StaticString)
    /// Number 4
    case wrongType
    /// Number 5: `alg` is `none`, a MAC, not known or not accepted.
    case algorithm
    /// Numbers 6 and 7: `jwk` is missing, no public key, or for no accepted algorithm.
    case key(JWKError?)
    /// Number 6
    case invalidSignature
    /// Number 8: `htm` is another method.
    case wrongMethod
    /// Number 9: `htu` is another URL.
    case wrongTarget
    /// Number 11: `iat` is too far in the past.
    case tooOld
    /// Number 11: `iat` is too far in the future.
    case tooNew
    /// Number 12: `ath` is missing, or the digest of another token.
    case wrongToken
    /// Number 12: the token is bound to another key.
    case wrongKey
    /// Number 10: the nonce is missing, or no longer or never one of this server.
    case nonce
    /// Section 11.1: the proof was used before.
    case repeated
    /// libcrypto failed, so nothing is known about the proof.
    case cannotVerify(LibcryptoError)

    /// A human-readable clause in which "it" is the proof.
    public var description: String {
        switch self {
        case .missing: "the request has no DPoP proof"
        case .several: "the request has more than one DPoP proof"
        case .malformed: "it is not a JWT, or too long"
        case .missingClaim(let name): "its claim \(name) is missing or malformed"
        case .wrongType: "its typ is not dpop+jwt"
        case .algorithm: "its signature algorithm is not accepted"
        case .key(.some(let error)): "its jwk cannot be used: \(error)"
        case .key(nil): "it has no jwk that fits its alg"
        case .invalidSignature: "its signature is not valid"
        case .wrongMethod: "its htm is another method"
        case .wrongTarget: "its htu is another URL"
        case .tooOld: "its iat is too long ago"
        case .tooNew: "its iat is in the future"
        case .wrongToken: "its ath is not the digest of the access token"
        case .wrongKey: "the access token is bound to another key"
        case .nonce: "it needs the nonce of this server"
        case .repeated: "it was used before"
        case .cannotVerify: "its signature could not be checked"
        }
    }

    /// A word for the reason: for metrics and logs. There are as many as there are cases.
    public var code: String {
        switch self {
        case .missing: "proof_missing"
        case .several: "proof_several"
        case .malformed: "proof_malformed"
        case .missingClaim: "proof_missing_claim"
        case .wrongType: "proof_type"
        case .algorithm: "proof_algorithm"
        case .key: "proof_jwk"
        case .invalidSignature: "proof_signature"
        case .wrongMethod: "proof_method"
        case .wrongTarget: "proof_target"
        case .tooOld: "proof_too_old"
        case .tooNew: "proof_too_new"
        case .wrongToken: "proof_token"
        case .wrongKey: "proof_other_key"
        case .nonce: "proof_nonce"
        case .repeated: "proof_repeated"
        case .cannotVerify: "proof_cannot_verify"
        }
    }

    /// Compares the codes, and what they name.
    public static func == (first: DPoPProofError, second: DPoPProofError) -> Bool {
        first.code.isSameText(as: second.code) && first.description.isSameText(as: second.description)
    }
}
