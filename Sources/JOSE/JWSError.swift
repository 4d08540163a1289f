public import Libcrypto

/// The reason why a text is not a JWS, or why its signature proves nothing. Two errors are equal if their codes are.
public enum JWSError: Error, Sendable, Equatable {
    /// Longer than the limit that the caller set.
    case tooLong
    /// Not three parts of base64url with a JSON header in front (RFC 7515 section 7.1).
    case malformed
    /// `alg` is `none` or is not in the table.
    case unknownAlgorithm
    /// `crit` is there (RFC 7515 section 4.1.11).
    case criticalExtension
    /// No key, or more than one, could have made the signature.
    case noSingleKey
    /// The signature is not that key's over these octets.
    case invalidSignature
    /// libcrypto failed while it checked the signature. The verifier is at fault, and nothing is known about the signature.
    case cannotVerify(LibcryptoError)
}
