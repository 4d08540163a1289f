package import Libcrypto

/// What the check of a signature costs. Checks with keys of the same work take the same time.
package struct VerificationWork: Sendable, Hashable {
    package let type: KeyType
    /// The public exponent of an RSA key, big-endian; empty for other keys.
    package let exponent: [UInt8]

    package init(_ key: PublicKey) {
        type = key.type
        exponent = if case .rsa(_, let exponent) = key.components { exponent } else { [] }
    }
}
