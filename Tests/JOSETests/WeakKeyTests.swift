import JOSE
import Libcrypto
import Testing

/// Keys with which signatures prove nothing.
@Suite struct WeakKeyTests {
    private static func read(_ members: KeyValuePairs<String, String>) throws -> JWK {
        try JWK(reading: JSONObject(members.map { JSONObject.Member($0.key, .string($0.value)) }))
    }

    private static func octets(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }

    private static func ed25519(_ hex: String) throws -> JWK {
        try read(["kty": "OKP", "crv": "Ed25519", "x": Base64URL.encode(octets(hex))])
    }

    /// The eight points of small order, and every other encoding of them that decoders accept.
    private static let smallOrder = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ]

    @Test("RFC 8032 section 5.1: a point of small order is refused in every encoding", arguments: smallOrder)
    func pointsOfSmallOrder(hex: String) {
        #expect(throws: JWKError.invalid(.smallOrder)) { try Self.ed25519(hex) }
    }

    /// What the rule is for: libcrypto takes this signature for good, whatever the message is.
    @Test("With a point of small order one signature is good for every message")
    func whatSmallOrderMeans() throws {
        let key = try PublicKey(.ed25519(Self.octets(Self.smallOrder[0])))
        let signature = Self.octets(Self.smallOrder[0]) + [UInt8](repeating: 0, count: 32)
        for message in ["a", "b"] {
            let isValid = try key.isValid(signature.span, for: message.utf8.span, scheme: .ed25519)
            #expect(isValid)
        }
    }

    @Test(
        "RFC 8032 section 5.1.3: a coordinate that is not below the prime of the field is refused",
        arguments: ["efffff", "f0ffff", "ffffff"].map { $0 + String(repeating: "f", count: 56) + "7f" })
    func coordinatesThatAreNotReduced(hex: String) {
        #expect(throws: JWKError.invalid(.notReduced)) { try Self.ed25519(hex) }
    }

    private static func point(on curve: String, _ x: String, _ y: String) throws {
        _ = try read([
            "kty": "EC", "crv": curve, "x": Base64URL.encode(octets(x)), "y": Base64URL.encode(octets(y)),
        ])
    }

    @Test("A key whose private key is 1 is refused")
    func generators() {
        let ed25519 = "58" + String(repeating: "66", count: 31)
        #expect(throws: JWKError.invalid(.knownPrivateKey)) { try Self.ed25519(ed25519) }
        #expect(throws: JWKError.invalid(.knownPrivateKey)) { try Self.ed25519(ed25519.dropLast(2) + "e6") }
        // FIPS 186-4 appendix D.1.2.
        let x = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        let y = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
        #expect(throws: JWKError.invalid(.knownPrivateKey)) { try Self.point(on: "P-256", x, y) }
        let x384 =
            "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
        let y384 =
            "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"
        #expect(throws: JWKError.invalid(.knownPrivateKey)) { try Self.point(on: "P-384", x384, y384) }
        let x521 =
            "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66"
        let y521 =
            "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650"
        #expect(throws: JWKError.invalid(.knownPrivateKey)) { try Self.point(on: "P-521", x521, y521) }
    }

    /// A number of 2048 bits, the last octet of which is given.
    private static func modulus(_ last: UInt8) -> [UInt8] { [0xC5] + [UInt8](repeating: 0x5A, count: 254) + [last] }

    @Test("An RSA modulus that is even, or that a prime below 100 divides, is refused")
    func moduliWithSmallFactors() throws {
        var refused = 0
        for last in UInt8.min...UInt8.max {
            let octets = Self.modulus(last)
            let hasFactor = (2..<100).contains { factor in octets.reduce(0) { ($0 << 8 | Int($1)) % factor } == 0 }
            let members: KeyValuePairs = ["kty": "RSA", "n": Base64URL.encode(octets), "e": "AQAB"]
            if hasFactor {
                refused += 1
                #expect(throws: JWKError.invalid(.smallFactor), "\(last)") { try Self.read(members) }
            } else {
                _ = try Self.read(members)
            }
        }
        #expect((129..<256).contains(refused))
    }

    @Test("RFC 8017 section 3.1: a public exponent is odd and at least 3", arguments: ["AQ", "Ag", "BA", "AQAA"])
    func publicExponents(exponent: String) {
        #expect(throws: JWKError.invalid(.outOfRange)) {
            try Self.read(["kty": "RSA", "n": Base64URL.encode(Self.modulus(0x67)), "e": exponent])
        }
    }

    @Test("Good keys of each kind are read, also one with the exponent 3")
    func goodKeys() throws {
        let rsa = try PrivateKey.generateRSA(bits: 2048).publicKey
        for key in [rsa, try PrivateKey.generate(on: .p256).publicKey, try PrivateKey.generateEd25519().publicKey] {
            let jwk = JWK(key, keyID: nil, algorithm: nil)
            #expect(try JWKSet(reading: JWKSet([jwk]).json()).keys.count == 1)
        }
        guard case .rsa(let modulus, _) = rsa.components else { return }
        _ = try Self.read(["kty": "RSA", "n": Base64URL.encode(modulus), "e": "Aw"])
    }

    @Test(
        "RFC 7517 section 9.2: a key with a private member is skipped in a set",
        arguments: ["d", "p", "q", "dp", "dq", "qi", "oth"])
    func privateMembers(name: String) throws {
        let jwk = JWK(try PrivateKey.generateRSA(bits: 2048).publicKey, keyID: "a", algorithm: nil)
        let text = String(decoding: JWKSet([jwk]).json(), as: UTF8.self)
        let set = try JWKSet(reading: Array(text.replacing("\"kid\"", with: "\"\(name)\":\"AA\",\"kid\"").utf8))
        #expect(set.keys.isEmpty)
        #expect(
            set.ignored.map(\.description) == [
                "key 1 (kid \"a\"): it contains its private half, which only its owner may have"
            ])
    }
}
