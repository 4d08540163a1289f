import Libcrypto
import Testing

@testable import JOSE

/// What each row of the table must support. A missing row or column fails a test here.
@Suite struct AlgorithmTableTests {
    /// A key of each row, made once: RSA keys take long.
    private static let keys = SignatureAlgorithm.all.map { algorithm in
        (algorithm: algorithm, key: Result { try algorithm.makeKey() })
    }

    private static func key(_ algorithm: SignatureAlgorithm) throws -> PrivateKey {
        try #require(keys.first { $0.algorithm == algorithm }).key.get()
    }

    private static func input(_ algorithm: SignatureAlgorithm) -> JWSSigningInput {
        let header = #"{"alg":"\#(algorithm)","kid":"k"}"#
        return JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(Array(header.utf8)).utf8), payload: Array("{}".utf8))
    }

    private static func jws(_ algorithm: SignatureAlgorithm, _ signature: [UInt8]) throws -> CompactJWS {
        try CompactJWS(parsing: String(decoding: input(algorithm).compact(with: signature), as: UTF8.self))
    }

    @Test("A key that is made for an algorithm signs, and its signature verifies", arguments: SignatureAlgorithm.all)
    func signs(algorithm: SignatureAlgorithm) throws {
        let key = try Self.key(algorithm)
        #expect(algorithm.accepts(key.type))
        let signature = try SigningContext(key: key, scheme: algorithm.scheme).sign(Self.input(algorithm).octets.span)
        let jws = try Self.jws(algorithm, signature)
        #expect(jws.canBeSigned(by: try key.publicKey))
        #expect(signature.count == key.type.signatureSize)
        for pinned in [algorithm, nil] {
            _ = try jws.verified(by: JWKSet([JWK(key.publicKey, keyID: "k", algorithm: pinned)]))
        }
        #expect(!(try Self.jws(algorithm, signature + [0]).canBeSigned(by: key.publicKey)))
    }

    @Test(
        "A decoy signature has the length and range of a key's signatures, and is invalid",
        arguments: SignatureAlgorithm.all)
    func decoySignature(algorithm: SignatureAlgorithm) throws {
        let key = try Self.key(algorithm)
        let jws = try Self.jws(algorithm, key.type.decoySignature)
        #expect(jws.canBeSigned(by: try key.publicKey))
        #expect(throws: JWSError.invalidSignature) {
            try jws.verified(by: JWKSet([JWK(key.publicKey, keyID: "k", algorithm: algorithm)]))
        }
    }

    @Test("A decoy key has the type and size of the keys that it imitates", arguments: SignatureAlgorithm.all)
    func decoyKeys(algorithm: SignatureAlgorithm) throws {
        let key = try Self.key(algorithm)
        let signature = try SigningContext(key: key, scheme: algorithm.scheme).sign(Self.input(algorithm).octets.span)
        let decoys = try algorithm.keyKind.decoyKeys(like: [])
        let decoy = try #require(decoys.first { $0.type == key.type })
        let jws = try Self.jws(algorithm, signature)
        #expect(jws.canBeSigned(by: decoy))
        #expect(throws: JWSError.invalidSignature) {
            try jws.verified(by: JWKSet([JWK(decoy, keyID: "k", algorithm: algorithm)]))
        }
    }

    @Test(
        "A JWK names its algorithm, is read as it was written and has the described members",
        arguments: SignatureAlgorithm.all)
    func jwk(algorithm: SignatureAlgorithm) throws {
        let jwk = JWK(try Self.key(algorithm).publicKey, keyID: "k", algorithm: algorithm)
        var writer = JSONWriter()
        jwk.write(to: &writer)
        let object = try #require(try JSONReader.read(writer.bytes).object)
        let again = try JWK(reading: object)
        #expect(again.algorithm == algorithm)
        #expect(again.publicKey.components == jwk.publicKey.components)
        #expect(object["alg"]?.string == algorithm.name)
        #expect(object["kty"]?.string == algorithm.keyKind.keyType)
        #expect(object["crv"]?.string == algorithm.keyKind.curveName)
        for number in algorithm.keyKind.numbers {
            let octets = try #require(object[number.name]?.string.flatMap(Base64URL.decode))
            #expect(number.octets == nil || number.octets == octets.count)
        }
        let described = ["use", "kid", "alg", "kty"] + algorithm.keyKind.numbers.map(\.name)
        #expect(Set(object.members.map(\.name)).subtracting(["crv"]) == Set(described))
    }

    @Test(
        "RFC 9864 section 2.2: a key verifies signatures under either name of its algorithm, and no other",
        arguments: SignatureAlgorithm.all)
    func twoNames(algorithm: SignatureAlgorithm) throws {
        let names: Set = ["EdDSA", "Ed25519"]
        let jwk = JWK(try Self.key(algorithm).publicKey, keyID: nil, algorithm: algorithm)
        for other in SignatureAlgorithm.all {
            let isSame = algorithm == other || names == [algorithm.name, other.name]
            #expect(jwk.allows(other) == isSame, "\(other.name)")
        }
    }

    @Test("An algorithm is found only by its exact name", arguments: SignatureAlgorithm.all)
    func name(algorithm: SignatureAlgorithm) {
        #expect(SignatureAlgorithm(name: algorithm.name) == algorithm)
        #expect(SignatureAlgorithm(name: algorithm.name.lowercased()) == nil)
        #expect(SignatureAlgorithm.all.count { $0.name == algorithm.name } == 1)
    }

    @Test("An algorithm accepts the keys of its own kind and of no other", arguments: SignatureAlgorithm.all)
    func kinds(algorithm: SignatureAlgorithm) throws {
        let type = try Self.key(algorithm).type
        for other in SignatureAlgorithm.all {
            #expect(other.accepts(type) == (other.keyKind == algorithm.keyKind))
        }
    }
}
