import CLibcrypto

/// The numbers that form a public key, each as big-endian octets.
public enum PublicKeyComponents: Sendable, Hashable {
    /// Modulus and exponent, without leading zeros.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// Affine coordinates, each padded to the size of the curve's field.
    case ellipticCurve(EllipticCurve, x: [UInt8], y: [UInt8])
    /// The 32 octets of RFC 8032.
    case ed25519([UInt8])

    init(of key: OpaquePointer, type: KeyType) throws(KeyError) {
        switch type {
        case .rsa:
            self = .rsa(
                modulus: try unsafe Self.number(OSSL_PKEY_PARAM_RSA_N, of: key),
                exponent: try unsafe Self.number(OSSL_PKEY_PARAM_RSA_E, of: key))
        case .ellipticCurve(let curve):
            let size = curve.coordinateSize
            self = .ellipticCurve(
                curve,
                x: try unsafe Self.number(OSSL_PKEY_PARAM_EC_PUB_X, of: key, paddedTo: size),
                y: try unsafe Self.number(OSSL_PKEY_PARAM_EC_PUB_Y, of: key, paddedTo: size))
        case .ed25519:
            var octets = [UInt8](repeating: 0, count: 32)
            var count = octets.count
            let status = unsafe octets.withUnsafeMutableBufferPointer {
                unsafe EVP_PKEY_get_raw_public_key(key, $0.baseAddress, &count)
            }
            guard status == 1, count == 32 else {
                throw .libcrypto(LibcryptoError(drainingQueueFor: "read a public key"))
            }
            self = .ed25519(octets)
        }
    }

    private static func number(
        _ name: String, of key: OpaquePointer, paddedTo size: Int? = nil
    ) throws(KeyError) -> [UInt8] {
        var pointer: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, name, &pointer) == 1, let pointer = unsafe pointer else {
            throw .libcrypto(LibcryptoError(drainingQueueFor: "read a public key"))
        }
        guard let octets = unsafe BigNumber(takingOwnershipOf: pointer).bigEndian(paddedTo: size) else {
            throw .invalidComponents
        }
        return octets
    }

    /// A new `EVP_PKEY`, which the caller owns.
    func makeKey() throws(KeyError) -> OpaquePointer {
        guard hasExpectedSizes else { throw .invalidComponents }
        do throws(LibcryptoError) {
            switch self {
            case .rsa(let modulus, let exponent):
                var parameters = try KeyParameters()
                try parameters.add(.rsaModulus, number: modulus)
                try parameters.add(.rsaExponent, number: exponent)
                return try unsafe parameters.makePublicKey("RSA")
            case .ellipticCurve(let curve, let x, let y):
                var parameters = try KeyParameters()
                try parameters.add(.groupName, name: curve.groupName)
                try parameters.add(.publicKey, octets: [4] + x + y)
                return try unsafe parameters.makePublicKey("EC")
            case .ed25519(let octets):
                return try unsafe octets.withUnsafeBufferPointer { (octets) throws(LibcryptoError) in
                    try unsafe check(
                        EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, octets.baseAddress, octets.count),
                        "read a public key")
                }
            }
        } catch {
            throw .invalidComponents
        }
    }

    /// RFC 7518 section 6.2.1.2: coordinates have the full size. RFC 8037 section 2: an Ed25519 key has it too.
    private var hasExpectedSizes: Bool {
        switch self {
        case .rsa: true
        case .ellipticCurve(let curve, let x, let y): x.count == curve.coordinateSize && y.count == x.count
        case .ed25519(let octets): octets.count == 32
        }
    }
}
