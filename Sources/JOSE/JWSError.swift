public import Libcrypto

/// Why a text is not a JWS, or why its signature is not accepted. Two errors are equal if their codes are.
public enum JWSError: Error, Sendable, Equatable {
    /// The text is longer than the caller's limit.
    case tooLong
    /// The text is not three parts of base64url, or the first is not a JSON header (RFC 7515 section 7.1).
    case malformed
    /// `alg` is `none` or is not in the table.
    case unknownAlgorithm
    /// `alg` is in the table, and the caller does not accept it (RFC 8725 section 3.1).
    case algorithmNotAccepted
    /// `crit` is present (RFC 7515 section 4.1.11).
    case criticalExtension
    /// No key, or more than one, could have made the signature.
    case noSingleKey
    /// The key did not make this signature over these octets.
    case invalidSignature
    /// libcrypto failed while it checked the signature. The fault is the verifier's, and the signature may be valid.
    case cannotVerify(LibcryptoError)
}
