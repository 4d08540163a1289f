import Libcrypto

extension JWKError.Defect {
    /// Why signatures by such a key prove nothing: the numbers have the form of a key, and yet
    /// anyone can sign.
    ///
    /// This is quick: a modulus that is prime, or whose factors are known in another way, is not found. A small public
    /// exponent, such as 3, is no weakness, since the padding of a signature is checked in full (RFC 8017 section 8.2.2).
    init?(weakness components: PublicKeyComponents) {
        switch components {
        case .rsa(let modulus, _):
            guard SmallPrimes.divide(modulus) else { return nil }
            self = .smallFactor
        case .ellipticCurve(let curve, let x, _):
            // The same for the point and its opposite.
            guard x == WeakPoints.generator(of: curve) else { return nil }
            self = .knownPrivateKey
        case .ed25519(let octets):
            guard octets.count == 32 else { return nil }
            // The highest bit is the sign of the other coordinate, RFC 8032 section 5.1.2.
            let y = Array(octets[..<31]) + [octets[31] & 0x7F]
            if WeakPoints.smallOrder.contains(y) {
                self = .smallOrder
            } else if !WeakPoints.isReduced(y) {
                self = .notReduced
            } else if y == WeakPoints.ed25519Generator {
                self = .knownPrivateKey
            } else {
                return nil
            }
        }
    }
}

/// Points with which signatures prove nothing.
private enum WeakPoints {
    /// The y-coordinates of the eight points of Ed25519 whose order divides 8, little-endian. One signature is good for
    /// every message, or for one in eight. The last two are 0 and 1 again, written as p and p + 1.
    static let smallOrder: Set<[UInt8]> = [
        [1] + Array(repeating: 0, count: 31),
        Array(repeating: 0, count: 32),
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
        [0xEC] + Array(repeating: 0xFF, count: 30) + [0x7F],
        [0xED] + Array(repeating: 0xFF, count: 30) + [0x7F],
        [0xEE] + Array(repeating: 0xFF, count: 30) + [0x7F],
    ]

    /// Whether a y-coordinate is below p = 2^255 - 19: RFC 8032 section 5.1.3, step 1.
    static func isReduced(_ y: [UInt8]) -> Bool {
        y[0] < 0xED || y[31] != 0x7F || y[1..<31].contains { $0 != 0xFF }
    }

    /// The y-coordinate 4/5 of the generator of Ed25519, RFC 8032 section 5.1, little-endian. Its private scalar is 1.
    static let ed25519Generator: [UInt8] = [0x58] + Array(repeating: 0x66, count: 31)

    /// The x-coordinate of the generator of a curve, FIPS 186-4 appendix D.1.2. Its private key is 1.
    static func generator(of curve: EllipticCurve) -> [UInt8] {
        switch curve {
        case .p256:
            [
                0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
                0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96,
            ]
        case .p384:
            [
                0xAA, 0x87, 0xCA, 0x22, 0xBE, 0x8B, 0x05, 0x37, 0x8E, 0xB1, 0xC7, 0x1E, 0xF3, 0x20, 0xAD, 0x74,
                0x6E, 0x1D, 0x3B, 0x62, 0x8B, 0xA7, 0x9B, 0x98, 0x59, 0xF7, 0x41, 0xE0, 0x82, 0x54, 0x2A, 0x38,
                0x55, 0x02, 0xF2, 0x5D, 0xBF, 0x55, 0x29, 0x6C, 0x3A, 0x54, 0x5E, 0x38, 0x72, 0x76, 0x0A, 0xB7,
            ]
        case .p521:
            [
                0x00, 0xC6, 0x85, 0x8E, 0x06, 0xB7, 0x04, 0x04, 0xE9, 0xCD, 0x9E, 0x3E, 0xCB, 0x66, 0x23, 0x95,
                0xB4, 0x42, 0x9C, 0x64, 0x81, 0x39, 0x05, 0x3F, 0xB5, 0x21, 0xF8, 0x28, 0xAF, 0x60, 0x6B, 0x4D,
                0x3D, 0xBA, 0xA1, 0x4B, 0x5E, 0x77, 0xEF, 0xE7, 0x59, 0x28, 0xFE, 0x1D, 0xC1, 0x27, 0xA2, 0xFF,
                0xA8, 0xDE, 0x33, 0x48, 0xB3, 0xC1, 0x85, 0x6A, 0x42, 0x9B, 0xF9, 0x7E, 0x7E, 0x31, 0xC2, 0xE5,
                0xBD, 0x66,
            ]
        }
    }
}

/// The primes below 100.
private enum SmallPrimes {
    private static let primes: [UInt64] = (2..<100).filter { number in
        !(2..<number).contains { number.isMultiple(of: $0) }
    }

    /// Primes, in groups whose products are below 2^32.
    private static let groups: [(product: UInt64, primes: [UInt64])] = primes.reduce(into: []) { groups, prime in
        if let last = groups.last, last.product * prime < 1 << 32 {
            groups[groups.count - 1] = (last.product * prime, last.primes + [prime])
        } else {
            groups.append((prime, [prime]))
        }
    }

    /// Whether one of the primes divides a number.
    ///
    /// - Parameter number: big-endian.
    static func divide(_ number: [UInt8]) -> Bool {
        groups.contains { product, primes in
            var remainder: UInt64 = 0
            for octet in number { remainder = (remainder << 8 | UInt64(octet)) % product }
            return primes.contains { remainder.isMultiple(of: $0) }
        }
    }
}
