import AccessToken
import JOSE
import Libcrypto
import Synchronization

@testable import OAuth

/// Makes DPoP proofs for the token endpoint of the fixture.
struct ProofFixture {
    static let url = "https://tokens.example.com/oauth2/token"

    let key: PrivateKey
    let jwk: JWK

    init() throws { try self.init(.generate(on: .p256)) }

    init(_ key: PrivateKey) throws {
        self.key = key
        jwk = JWK(try key.publicKey, keyID: nil, algorithm: nil)
    }

    /// A good proof with some claims and members of the header replaced; `nil` removes one.
    func proof(
        _ changes: [String: JSONValue?] = [:], header: [String: JSONValue?] = [:], now: NumericDate = Fixture.now,
        scheme: SignatureScheme = .ecdsa(.p256, .sha256)
    ) throws -> String {
        let claims: [String: JSONValue?] = [
            "iss": nil, "sub": nil, "aud": nil, "exp": nil, "htm": .string("POST"), "htu": .string(Self.url),
        ]
        var writer = JSONWriter()
        jwk.write(to: &writer)
        let names: [String: JSONValue?] = [
            "typ": .string("dpop+jwt"), "kid": nil, "jwk": try JSONReader.read(writer.bytes),
        ]
        return try AssertionFixture.assertion(
            AssertionFixture.claims(claims.merging(changes) { _, change in change }, now: now),
            header: names.merging(header) { _, change in change }, signedBy: key, scheme: scheme)
    }
}

/// Records the uses of proofs as the replay cache does, and drops none.
final class UsedProofList: Sendable {
    private let state = Mutex<[UsedAssertion]>([])
    private let use: AssertionUse?

    /// - Parameter use: the result of every use; `nil` accepts each proof once.
    init(_ use: AssertionUse? = nil) { self.use = use }

    var all: [UsedAssertion] { state.withLock { $0 } }

    func use(_ proof: UsedAssertion, now: NumericDate) -> AssertionUse {
        state.withLock { used in
            let isFirst = !used.contains { $0.recordedAs == proof.recordedAs }
            used.append(proof)
            return use ?? (isFirst ? .first : .repeated)
        }
    }
}
