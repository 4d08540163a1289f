import CLibcrypto

/// The kind and size of an asymmetric key.
public enum KeyType: Sendable, Hashable {
    /// An RSA key (rsaEncryption); its modulus has this many bits.
    case rsa(bits: Int)
    /// A key on a NIST prime curve.
    case ellipticCurve(EllipticCurve)
    /// An Ed25519 key, RFC 8032.
    case ed25519

    /// Reads the type of a key.
    ///
    /// - Returns: `nil` for a kind that Writ does not support: DSA, X25519, id-RSASSA-PSS, a curve given by its
    ///   parameters.
    init?(of key: OpaquePointer) {
        if unsafe EVP_PKEY_is_a(key, "RSA") == 1 {
            self = unsafe .rsa(bits: Int(EVP_PKEY_get_bits(key)))
        } else if unsafe EVP_PKEY_is_a(key, "ED25519") == 1 {
            self = .ed25519
        } else if unsafe EVP_PKEY_is_a(key, "EC") == 1 {
            var name = [UInt8](repeating: 0, count: 64)
            var count = 0
            let status = unsafe name.withUnsafeMutableBytes {
                unsafe EVP_PKEY_get_group_name(key, $0.baseAddress, $0.count, &count)
            }
            guard status == 1 else { ERR_clear_error(); return nil }
            let groupName = String(decoding: name.prefix(count), as: UTF8.self)
            guard let curve = EllipticCurve.allCases.first(where: { $0.groupName == groupName }) else { return nil }
            self = .ellipticCurve(curve)
        } else {
            return nil
        }
    }

    /// Why there is no type for a key.
    static func refusal(of key: OpaquePointer) -> KeyError {
        unsafe EVP_PKEY_is_a(key, "RSA-PSS") == 1 ? .restrictedToPSS : .unsupportedType
    }
}
