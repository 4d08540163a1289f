import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// Neither the answer nor the work shows why a token is inactive. The work is counted by the code that performs it.
/// Recorded exchanges show the answers.
@Suite struct TokenInspectorTests {
    private let issuer: Issuer
    private let policy: IssuancePolicy
    private let key: SigningKey
    private let sealer: RefreshTokenSealer
    private let inspector: TokenInspector

    init() throws {
        issuer = try Issuer("https://tokens.example.com")
        policy = IssuancePolicy(issuer: issuer)
        key = try SigningKey(Fixture.rsaKey.get(), keyID: "k1", algorithm: .rs256)
        let octets = [UInt8](repeating: 7, count: SealingKey.size)
        sealer = RefreshTokenSealer(
            issuer: issuer, turns: [.init(try SealingKey(SecretBytes(copying: octets.span)), start: nil)])
        let client = try Client(id: ClientID("job"), secrets: [], grantTypes: [.clientCredentials, .refreshToken])
        inspector = try TokenInspector(
            keys: JWKSet([JWK(try #require(key.privateKey).publicKey, keyID: "k1", algorithm: .rs256)]),
            signingKey: key,
            clients: ClientRegistry([client]), policy: policy, sealer: sealer)
    }

    private func accessToken(keyID: String = "k1", signed by: PrivateKey? = nil, lifetime: Int64 = 60) throws -> String
    {
        let key = try SigningKey(by ?? #require(key.privateKey), keyID: keyID, algorithm: .rs256)
        let claims = AccessTokenClaims(
            issuer: issuer, subject: "job", audience: [Audience(issuer)], expiresAt: Fixture.now + .seconds(lifetime),
            issuedAt: Fixture.now, tokenID: "1", clientID: try ClientID("job"), scope: .empty)
        let input = JWSSigningInput(encodedHeader: key.encodedHeader, payload: claims.json())
        let signature = try SigningContext(key: #require(key.privateKey), scheme: key.scheme).sign(input.octets.span)
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }

    private func refreshToken(client: String = "job", lifetime: Duration = .seconds(60)) throws -> String {
        try sealer.seal(
            RefreshToken(
                for: ClientID(client), scope: .empty, audience: [Audience(issuer)], lifetime: lifetime,
                now: Fixture.now), now: Fixture.now)
    }

    private func inspect(_ text: String) throws -> (isActive: Bool, work: TokenInspector.Work) {
        var work = TokenInspector.Work()
        if case .inactive = try inspector.inspect(text, now: Fixture.now, work: &work) { return (false, work) }
        return (true, work)
    }

    @Test("Every text costs the same work, whether it is an active token or not")
    func everyTextCostsTheSame() throws {
        let expected = TokenInspector.Work(
            signatures: [VerificationWork(try #require(key.privateKey).publicKey): 1], payloads: 1,
            sealer: .init(openings: 1, readings: 1), registrations: 1)
        for active in [try accessToken(), try refreshToken()] {
            let (isActive, work) = try inspect(active)
            #expect(isActive)
            #expect(work == expected)
        }
        let short = try PrivateKey.generateRSA(bits: 3072)
        let inactive = [
            try accessToken(lifetime: 0), try accessToken(keyID: "k2"), try accessToken(signed: short),
            try accessToken(signed: .generateRSA(bits: 2048)), try refreshToken(client: "gone"),
            try refreshToken(lifetime: .zero), "a", "..", "a.b.c", "writ_rt_", "writ_rt_noise",
            RefreshTokenSealer.decoy,
            String(repeating: "a", count: 16_000), String(repeating: ".", count: 16_000), "writ_rt_\u{E9}", "{}",
        ]
        for text in inactive {
            let (isActive, work) = try inspect(text)
            #expect(!isActive, "\(text)")
            #expect(work == expected, "\(text)")
        }
    }

    @Test("A failure of libcrypto is a server error, and an invalid signature is not")
    func failureOfLibcrypto() throws {
        let failure = #expect(throws: KeyError.self) { try PrivateKey.generateRSA(bits: 1) }
        guard case .libcrypto(let cause)? = failure else { Issue.record("no failure"); return }
        #expect(throws: TokenRefusal(.serverError)) {
            try TokenRefusal.checking { () throws(JWSError) in throw .cannotVerify(cause) }
        }
        let invalid = try TokenRefusal.checking { () throws(JWSError) in throw .invalidSignature }
        #expect(invalid?.payload == nil)
    }

    @Test("The decoys have the form of real tokens, and none of them is valid")
    func theDecoysAreTriedAndGood() throws {
        #expect(sealer.looksSealed(RefreshTokenSealer.decoy))
        #expect(try sealer.open(RefreshTokenSealer.decoy) == nil)
        #expect(try refreshToken().utf8.count == RefreshTokenSealer.decoy.utf8.count)
        #expect(inspector.decoy.canBeSigned(by: try #require(key.privateKey).publicKey))
    }

    @Test("Introspection of any text costs one signature check", arguments: SignatureAlgorithm.offered)
    func aDecoyIsTriedForEachAlgorithm(algorithm: SignatureAlgorithm) throws {
        let key = try algorithm.makeKey()
        let signingKey = try SigningKey(key, keyID: "k1", algorithm: algorithm)
        let inspector = try TokenInspector(
            keys: JWKSet([JWK(key.publicKey, keyID: "k1", algorithm: algorithm)]), signingKey: signingKey,
            clients: ClientRegistry([]), policy: policy, sealer: sealer)
        #expect(inspector.decoy.canBeSigned(by: try key.publicKey))
        let short = TokenInspectorTests.token(signingKey, signature: [1])
        for text in ["a", short] {
            var work = TokenInspector.Work()
            guard case .inactive = try inspector.inspect(text, now: Fixture.now, work: &work) else {
                Issue.record("\(text) is active")
                continue
            }
            #expect(work.signatures == [VerificationWork(try key.publicKey): 1])
            #expect(work.sealer == .init(openings: 1, readings: 1))
        }
    }

    private static func token(_ key: SigningKey, signature: [UInt8]) -> String {
        let input = JWSSigningInput(encodedHeader: key.encodedHeader, payload: [])
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }

    @Test("RFC 7662 section 2.1: only a client that may introspect gets an answer")
    func onlyAClientThatMayIsTold() throws {
        let secret = ClientSecret(hash: try ClientSecretHash(of: Fixture.secret))
        let clients = try ClientRegistry([
            try Client(id: ClientID("api"), secrets: [secret], introspection: .all),
            try Client(id: ClientID("job"), secrets: [secret]),
        ])
        func introspect(_ client: String) throws(TokenRefusal) -> Introspection {
            let request = try IntrospectionRequest(
                parsing: Fixture.post("token=a", authorization: [Fixture.basic("\(client):\(Fixture.secret)")]))
            return try clients.authenticate(request.credentials, verified: .none, now: Fixture.now).conclude()
                .introspect(request, with: inspector, now: Fixture.now)
        }
        #expect(throws: Never.self) { try introspect("api") }
        #expect(throws: TokenRefusal(.introspectionNotAllowed)) { try introspect("job") }
    }
}
