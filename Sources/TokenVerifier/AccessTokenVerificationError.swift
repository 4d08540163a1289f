public import AccessToken
import JOSE
public import Libcrypto
public import RemoteKeys

/// Why a token was not verified.
public enum AccessTokenVerificationError: Error, Sendable, CustomStringConvertible {
    /// The token is no good: `invalid_token` of RFC 6750 section 3.1.
    case rejected(AccessTokenRejection)
    /// The issuer's keys cannot be had, so nothing can be said about the token.
    case noKeys(KeySetFetchError)
    /// libcrypto failed while it checked the signature, so nothing is known about the token.
    case cannotVerify(LibcryptoError)

    /// A failure of libcrypto is no reason to refuse the token.
    init(_ rejection: AccessTokenRejection) {
        if case .signature(.cannotVerify(let error)) = rejection {
            self = .cannotVerify(error)
        } else {
            self = .rejected(rejection)
        }
    }

    /// For people; nothing of the token is in it.
    public var description: String {
        switch self {
        case .rejected(let reason): "the token is refused: \(reason)"
        case .noKeys(let error): "the issuer's keys cannot be had: \(error)"
        case .cannotVerify(let error): "the token's signature could not be checked: libcrypto \(error)"
        }
    }
}
