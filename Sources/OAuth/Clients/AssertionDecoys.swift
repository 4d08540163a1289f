import JOSE
import Libcrypto

/// Public keys whose private halves nobody has: a client that does not exist, or whose key cannot have made a signature,
/// costs a signature check like any other.
struct AssertionDecoys: Sendable {
    private let keys: [KeyType: PublicKey]

    /// Makes one key for each type that assertions are signed with, and each size of RSA keys that a client has.
    init(for clients: [Client]) throws(LibcryptoError) {
        var sizes: Set<Int> = [2048, 3072, 4096]
        for client in clients {
            guard case .fixed(let set) = client.keys else { continue }
            for key in set.keys {
                if case .rsa(let bits) = key.publicKey.type { sizes.insert(bits) }
            }
        }
        var components: [PublicKeyComponents] = [
            .ellipticCurve(.p256, x: Self.generatorX, y: Self.generatorY), .ed25519(Self.basePoint),
        ]
        for bits in sizes { components.append(.rsa(modulus: try Self.modulus(bits: bits), exponent: [1, 0, 1])) }
        let keys = components.compactMap { try? PublicKey($0) }
        self.keys = Dictionary(keys.map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// One key that could have made the signature, going by its length; none for a length that no client's key makes.
    func keys(for jws: CompactJWS) -> JWKSet {
        guard let key = keys.values.first(where: { jws.canBeSigned(by: $0) }) else { return JWKSet([]) }
        return JWKSet([JWK(key, keyID: jws.header.keyID, algorithm: nil)])
    }

    /// A number that follows from nothing: no prime factors of it are known.
    private static func modulus(bits: Int) throws(LibcryptoError) -> [UInt8] {
        var octets: [UInt8] = []
        while octets.count * 8 < bits {
            let seed = "Writ \(octets.count)"
            octets += try HashFunction.sha256.digest(of: seed.utf8.span)
        }
        octets = Array(octets[..<((bits + 7) / 8)])
        let unused = UInt8(octets.count * 8 - bits)
        // As large as can be: a signature that is no number below the modulus is refused without work, and there should
        // be none that a client's key would work on and this one would not.
        for index in 0..<8 { octets[index] = 0xFF }
        octets[0] >>= unused
        octets[octets.count - 1] |= 1
        return octets
    }

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
