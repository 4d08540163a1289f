import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// Which keys of a client are tried for an assertion, and what that costs.
@Suite struct AssertionKeysTests {
    private func client(_ id: String, _ keys: [JWK]) throws -> Client {
        try Client(id: ClientID(id), secrets: [], keys: .fixed(JWKSet(keys)))
    }

    private func key(_ key: PrivateKey, _ keyID: String? = nil, _ algorithm: SignatureAlgorithm? = nil) throws -> JWK {
        JWK(try key.publicKey, keyID: keyID, algorithm: algorithm)
    }

    private func assertion(_ id: String = "job", keyID: String?, signedBy key: PrivateKey) throws -> String {
        let claims = AssertionFixture.claims(["iss": .string(id), "sub": .string(id)])
        return try AssertionFixture.assertion(claims, header: ["kid": keyID.map { .string($0) }], signedBy: key)
    }

    private func cause(_ text: String, in clients: ClientRegistry) -> RefusalCause? {
        do throws(TokenRefusal) {
            _ = try AssertionFixture.authenticate(text, in: clients)
            return nil
        } catch {
            return error.cause
        }
    }

    @Test("RFC 7515 section 4.1.4: each of a client's keys that fits is tried for an assertion without kid")
    func withoutKeyID() throws {
        let keys = try (0..<4).map { _ in try PrivateKey.generate(on: .p256) }
        let others = [try key(.generate(on: .p384), "es384"), try key(.generateEd25519(), nil)]
        let clients = try ClientRegistry([
            try client(
                "job",
                others + [try key(keys[0], "k0"), try key(keys[1], nil), try key(keys[2], "k2"), try key(keys[3], nil)])
        ])
        for key in keys { #expect(cause(try assertion(keyID: nil, signedBy: key), in: clients) == nil) }
        #expect(cause(try assertion(keyID: nil, signedBy: .generate(on: .p256)), in: clients) == .assertionSignature)
    }

    @Test("RFC 7515 section 4.1.4: a kid selects the keys that have it; for another kid those without kid are tried")
    func withKeyID() throws {
        let (first, second, unnamed) = (
            try PrivateKey.generate(on: .p256), try PrivateKey.generate(on: .p256), try PrivateKey.generate(on: .p256)
        )
        let two = try ClientRegistry([
            try client("job", [try key(first, "k1"), try key(second, "k2"), try key(unnamed)])
        ])
        #expect(cause(try assertion(keyID: "k1", signedBy: first), in: two) == nil)
        #expect(cause(try assertion(keyID: "k1", signedBy: second), in: two) == .assertionSignature)
        #expect(cause(try assertion(keyID: "k1", signedBy: unnamed), in: two) == .assertionSignature)
        #expect(cause(try assertion(keyID: "k3", signedBy: unnamed), in: two) == nil)
        #expect(cause(try assertion(keyID: "k3", signedBy: first), in: two) == .assertionSignature)
        let named = try ClientRegistry([try client("job", [try key(first, "k1")])])
        #expect(cause(try assertion(keyID: "k3", signedBy: first), in: named) == .noSuchKey)
        // Two keys of one kid are both tried.
        let same = try ClientRegistry([try client("job", [try key(first, "k1"), try key(second, "k1")])])
        for key in [first, second] { #expect(cause(try assertion(keyID: "k1", signedBy: key), in: same) == nil) }
    }

    @Test("Four keys of a client are tried at most, those that come first and fit the algorithm")
    func aBound() throws {
        let keys = try (0..<6).map { _ in try PrivateKey.generate(on: .p256) }
        let clients = try ClientRegistry([try client("job", try keys.map { try key($0) })])
        let causes = try keys.map { cause(try assertion(keyID: nil, signedBy: $0), in: clients) }
        #expect(causes == [nil, nil, nil, nil, .assertionSignature, .assertionSignature])
    }

    @Test("Keys are fetched again for a kid that no key has, and after a key without kid was tried in its place")
    func whenKeysAreFetchedAgain() throws {
        let first = try PrivateKey.generate(on: .p256)
        let clients = try ClientRegistry([try client("job", [try key(first)])])
        enum Fetch { case never, afterFailure, first }
        func fetch(_ keyID: String?, _ keys: [JWK]) throws -> Fetch {
            var cost = AuthenticationCost()
            let check = try AssertionFixture.check(assertion(keyID: keyID, signedBy: first), in: clients, cost: &cost)
            if check.lacksKey(in: JWKSet(keys)) { return .first }
            return check.mayNameNewerKey(than: JWKSet(keys)) ? .afterFailure : .never
        }
        #expect(try fetch("k1", [key(first, "k1")]) == .never)
        #expect(try fetch("k1", [key(first, "k1"), key(first)]) == .never)
        #expect(try fetch("k1", [key(first, "k2")]) == .first)
        #expect(try fetch("k1", [key(first)]) == .afterFailure)
        #expect(try fetch(nil, [key(first), key(first, "k2")]) == .never)
        #expect(try fetch(nil, []) == .first)
    }

    /// The work of refusing each assertion, whose signature is that of a key that no client has.
    private func works(
        _ ids: [String], keyID: String?, in clients: ClientRegistry, alg: SignatureAlgorithm, signature: [UInt8]
    ) throws -> [AuthenticationCost] {
        try ids.map { id in
            let claims = AssertionFixture.claims(["iss": .string(id), "sub": .string(id)])
            let signed = try AssertionFixture.assertion(
                claims, header: ["alg": .string(alg.name), "kid": keyID.map { .string($0) }],
                signedBy: .generate(on: .p256))
            let text =
                signed.split(separator: ".").dropLast().joined(separator: ".") + "." + Base64URL.encode(signature)
            var cost = AuthenticationCost()
            let check = try AssertionFixture.check(text, in: clients, cost: &cost)
            let result = try check.run(
                keys: check.fixedKeys, audiences: [], rules: .standard, use: UsedAssertionList().use, cost: &cost)
            #expect(throws: AuthenticationFailure.self) { try result.get() }
            return cost
        }
    }

    @Test(
        "A refused assertion costs the same signature checks for each client, however many keys it has",
        arguments: [nil, "k1", "k7", "none"] as [String?])
    func severalKeysCostTheSame(keyID: String?) throws {
        func keys(_ names: [String?]) throws -> [JWK] { try names.map { try key(.generate(on: .p256), $0) } }
        let clients = try ClientRegistry([
            try client("one", keys(["k1"])), try client("unnamed", keys([nil])),
            try client("three", keys(["k1", "k2", nil])), try client("twins", keys(["k7", "k7"])),
            try client("others", [key(.generateEd25519(), "k1"), key(.generate(on: .p384), "k2")]),
        ])
        let ids = ["one", "unnamed", "three", "twins", "others", "nobody"]
        let works = try works(
            ids, keyID: keyID, in: clients, alg: .es256, signature: [0] + [UInt8](repeating: 1, count: 63))
        #expect(works.allSatisfy { $0 == works[0] })
        #expect(works[0].signatures.values.reduce(0, +) == (keyID == nil ? 3 : 2))
    }

    @Test("A refused assertion costs the same checks of each RSA exponent for each client", arguments: [nil, "k1"])
    func exponentsCostTheSame(keyID: String?) throws {
        let modulus = [UInt8](repeating: 0xF1, count: 256)
        func small(_ exponent: [UInt8], _ name: String?) throws -> JWK {
            JWK(try PublicKey(.rsa(modulus: modulus, exponent: exponent)), keyID: name, algorithm: nil)
        }
        let clients = try ClientRegistry([
            try client("three", [small([3], "k1")]), try client("usual", [key(.generateRSA(bits: 2048), "k1")]),
            try client("both", [small([3], "k1"), small([3], "k2"), small([1, 0, 1], "k1")]),
        ])
        let works = try works(
            ["three", "usual", "both", "nobody"], keyID: keyID, in: clients, alg: .rs256,
            signature: [0] + [UInt8](repeating: 1, count: 255))
        #expect(works.allSatisfy { $0 == works[0] })
        let counts = Dictionary(
            works[0].signatures.map { ($0.key.exponent, $0.value) }, uniquingKeysWith: { first, _ in first })
        #expect(counts == [[3]: keyID == nil ? 2 : 1, [1, 0, 1]: 1])
    }
}
