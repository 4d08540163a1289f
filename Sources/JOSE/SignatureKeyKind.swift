package import Libcrypto

/// A kind of key that signature algorithms use, with everything that the table of algorithms needs about it.
package enum SignatureKeyKind: Sendable, Hashable {
    /// RSA with any modulus from 2048 bits on (RFC 7518 sections 3.3 and 3.5).
    case rsa
    /// One of the NIST curves, RFC 7518 section 3.4.
    case ellipticCurve(EllipticCurve)
    /// RFC 8037 section 3.1
    case ed25519

    /// Whether a key of this type is of this kind.
    func accepts(_ type: KeyType) -> Bool {
        switch (self, type) {
        case (.rsa, .rsa(let bits)): bits >= 2048
        case (.ellipticCurve(let curve), .ellipticCurve(let other)): curve == other
        case (.ed25519, .ed25519): true
        default: false
        }
    }

    /// `kty`, RFC 7518 section 6.1 and RFC 8037 section 2.
    package var keyType: String {
        switch self {
        case .rsa: "RSA"
        case .ellipticCurve: "EC"
        case .ed25519: "OKP"
        }
    }

    /// `crv`; `nil` for a kind without curves.
    package var curveName: String? {
        switch self {
        case .rsa: nil
        case .ellipticCurve(let curve): curve.joseName
        case .ed25519: "Ed25519"
        }
    }

    /// The members of a JWK that hold the key's numbers, with the length of each in octets; `nil` if the length varies.
    package var numbers: [(name: String, octets: Int?)] {
        switch self {
        case .rsa: [("n", nil), ("e", nil)]
        case .ellipticCurve(let curve): [("x", curve.coordinateSize), ("y", curve.coordinateSize)]
        case .ed25519: [("x", 32)]
        }
    }

    /// A new key. RSA keys have 2048 bits, the minimum of RFC 7518 section 3.3: the signature is most of the cost of a
    /// token, and rotation keeps the lifetime of each key short.
    func makeKey() throws(KeyError) -> PrivateKey {
        switch self {
        case .rsa: try .generateRSA(bits: 2048)
        case .ellipticCurve(let curve): try .generate(on: curve)
        case .ed25519: try .generateEd25519()
        }
    }

    /// Public keys without a known private key. A signature check costs as much with one as with a client's key.
    ///
    /// - Parameter keys: existing keys. There is one RSA decoy for each size and exponent of these, and one for 2048, 3072
    ///   and 4096 bits with the exponent 65537.
    package func decoyKeys(like keys: [PublicKey]) throws(KeyError) -> [PublicKey] {
        switch self {
        case .rsa:
            var numbers: [Int: Set<[UInt8]>] = [2048: [[1, 0, 1]], 3072: [[1, 0, 1]], 4096: [[1, 0, 1]]]
            for key in keys {
                guard case .rsa(let bits) = key.type, case .rsa(_, let exponent) = key.components else { continue }
                numbers[bits, default: []].insert(exponent)
            }
            var decoys: [PublicKey] = []
            for (bits, exponents) in numbers {
                let modulus = try Self.decoyModulus(bits: bits)
                for exponent in exponents {
                    decoys.append(try PublicKey(.rsa(modulus: modulus, exponent: exponent)))
                }
            }
            return decoys
        // The private key is discarded at once.
        case .ellipticCurve, .ed25519: return [try makeKey().publicKey]
        }
    }

    /// A number whose prime factors are unknown.
    private static func decoyModulus(bits: Int) throws(KeyError) -> [UInt8] {
        var octets: [UInt8] = []
        while octets.count * 8 < bits {
            let seed = "Writ \(octets.count)"
            do throws(LibcryptoError) { octets += try HashFunction.sha256.digest(of: seed.utf8.span) } catch {
                throw .libcrypto(error)
            }
        }
        octets = Array(octets[..<((bits + 7) / 8)])
        let unused = UInt8(octets.count * 8 - bits)
        // As large as possible. A signature that is not below the modulus is rejected without work. No signature should
        // be below a client's modulus and not below this one.
        for index in 0..<8 { octets[index] = 0xFF }
        octets[0] >>= unused
        octets[octets.count - 1] |= 1
        return octets
    }
}

extension KeyType {
    /// The length of a signature by such a key, in octets: RFC 8017 section 8.2.1, RFC 7518 section 3.4 (R and S, each
    /// as long as a coordinate) and RFC 8032 section 5.1.6.
    var signatureSize: Int {
        switch self {
        case .rsa(let bits): (bits + 7) / 8
        case .ellipticCurve(let curve): 2 * curve.coordinateSize
        case .ed25519: 64
        }
    }

    /// A signature that no key has made. Its check costs as much as that of a real one, since it is below every modulus
    /// of this size. For a curve, both halves are below the order of the group.
    package var decoySignature: [UInt8] { [0] + [UInt8](repeating: 1, count: signatureSize - 1) }
}

extension PublicKey {
    /// Whether `signature` has the length and range of this key's signatures. An RSA signature of another length than
    /// the modulus (RFC 8017 section 8.2.2), or not below it (section 5.2.2), is rejected without work. The short time
    /// would reveal which key there is.
    func canHaveMade(_ signature: [UInt8]) -> Bool {
        guard signature.count == type.signatureSize else { return false }
        guard case .rsa(let modulus, _) = components else { return true }
        return signature.lexicographicallyPrecedes(modulus)
    }
}
