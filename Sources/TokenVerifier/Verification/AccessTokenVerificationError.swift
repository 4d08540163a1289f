public import AccessToken
import JOSE
public import Libcrypto
public import RemoteKeys

/// Why a token was not verified. Errors are equal if the case is the same, and the reason that it has.
public enum AccessTokenVerificationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The token is invalid: `invalid_token` of RFC 6750 section 3.1.
    case rejected(AccessTokenRejection)
    /// The issuer's keys cannot be fetched, so the token could not be checked.
    case noKeys(DocumentFetchError)
    /// The Status List that the token names cannot be fetched, so it is not known whether the token was revoked.
    case noStatusList(DocumentFetchError)
    /// libcrypto failed while it checked the signature, so nothing is known about the token.
    case cannotVerify(LibcryptoError)
    /// The token is valid, and the DPoP proof of the request is not: `invalid_dpop_proof` of RFC 9449 section 7.1.
    case invalidProof(DPoPProofError)
    /// The DPoP proof lacks this nonce: `use_dpop_nonce` of RFC 9449 section 9. It belongs into the field `DPoP-Nonce`.
    case nonceRequired(String)
    /// So many DPoP proofs are recorded that no other can be: whether the proof was used before is not known.
    case tooManyProofs

    /// A failure of libcrypto is no reason to reject the token.
    init(_ rejection: AccessTokenRejection) {
        if case .signature(.cannotVerify(let error)) = rejection {
            self = .cannotVerify(error)
        } else {
            self = .rejected(rejection)
        }
    }

    /// A failure of libcrypto is no reason to refuse the proof.
    init(_ error: DPoPProofError) {
        if case .cannotVerify(let error) = error { self = .cannotVerify(error) } else { self = .invalidProof(error) }
    }

    /// A word for the error: that of the rejection or of the proof, `no_keys`, `no_status_list`, `cannot_verify` or
    /// `too_many_proofs`.
    public var code: String {
        switch self {
        case .rejected(let reason): reason.code
        case .noKeys: "no_keys"
        case .noStatusList: "no_status_list"
        case .cannotVerify: "cannot_verify"
        case .invalidProof(let error): error.code
        case .nonceRequired: DPoPProofError.nonce.code
        case .tooManyProofs: "too_many_proofs"
        }
    }

    /// A human-readable description. It contains no part of the token or of the proof.
    public var description: String {
        switch self {
        case .rejected(let reason): "the token is refused: \(reason)"
        case .noKeys(let error): "the issuer's keys are not available: \(error)"
        case .noStatusList(let error): "the token's status list is not available: \(error)"
        case .cannotVerify(let error): "a signature could not be checked: libcrypto \(error)"
        case .invalidProof(let error): "the DPoP proof is refused: \(error)"
        case .nonceRequired: "the DPoP proof is refused: \(DPoPProofError.nonce)"
        case .tooManyProofs: "too many DPoP proofs are in use to record another"
        }
    }
}
