import JOSE
import Libcrypto

/// Public keys whose private halves nobody has: a client that does not exist costs a signature check like any other.
enum AssertionDecoys {
    /// One key that fits the header.
    static func keys(for header: JOSEHeader) -> JWKSet {
        let components: PublicKeyComponents =
            switch header.algorithm {
            case .es256: .ellipticCurve(.p256, x: generatorX, y: generatorY)
            case .edDSA: .ed25519(basePoint)
            default: .rsa(modulus: modulus, exponent: [1, 0, 1])
            }
        guard let key = try? PublicKey(components) else { return JWKSet([]) }
        return JWKSet([JWK(key, keyID: header.keyID, algorithm: nil)])
    }

    /// 2048 bits that follow from nothing: no prime factors of it are known.
    private static let modulus: [UInt8] = {
        let octets = (0..<8 as Range<UInt8>).flatMap { part -> [UInt8] in
            let seed = Array("Writ".utf8) + [part]
            return (try? HashFunction.sha256.digest(of: seed.span)) ?? [UInt8](repeating: 0xA5, count: 32)
        }
        return [octets[0] | 0x80] + octets[1..<255] + [octets[255] | 1]
    }()

    /// The generator of P-256, SEC 2 section 2.4.2.
    private static let generatorX = octets("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
    private static let generatorY = octets("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    /// The base point of Ed25519, RFC 8032 section 5.1.
    private static let basePoint = octets("5866666666666666666666666666666666666666666666666666666666666666")

    private static func octets(_ hexadecimal: StaticString) -> [UInt8] {
        let digits = Array(hexadecimal.description)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    }
}
