import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import TokenVerifier

/// What has fooled verifiers, one by one.
@Suite struct AttackTests {
    private let mint: TokenMint
    private let verifier: AccessTokenVerifier

    init() throws {
        mint = try TokenMint()
        verifier = try TokenMint.verifier(.fixed(mint.keys))
        // A verifier remembers the header of the last good token; every attack comes after one.
        _ = try verifier.verifyUsingCachedKeys(mint.token())
    }

    private func expectRefusal(_ token: String, _ reason: AccessTokenRejection, by other: AccessTokenVerifier? = nil)
        async
    {
        let error = await #expect(throws: AccessTokenVerificationError.self) {
            try await (other ?? verifier).verify(token)
        }
        guard case .rejected(let rejection)? = error else {
            Issue.record("\(String(describing: error)): \(token.prefix(200))")
            return
        }
        #expect(rejection == reason, "\(token.prefix(200))")
    }

    @Test func aGoodTokenPasses() async throws {
        let token = try await verifier.verify(mint.token())
        #expect(token.claims.clientID.description == "c")
        #expect(throws: Never.self) { try token.require(scope: Scope("w r")) }
        #expect(throws: InsufficientScope.self) { try token.require(scope: Scope("r x")) }
    }

    /// What is remembered of one header says nothing of another.
    @Test func headersTakeTurns() async throws {
        let plain = #"{"alg":"RS256","typ":"at+jwt"}"#
        for header in [TokenMint.header, plain, plain, TokenMint.header] {
            _ = try await verifier.verify(mint.token(header: header))
        }
        await expectRefusal(try mint.token(header: #"{"alg":"RS256","typ":"JWT"}"#), .wrongType)
        _ = try await verifier.verify(mint.token(header: plain))
    }

    @Test(arguments: ["none", "None", "NONE", "nOnE", "", "RS256 ", "rs256"])
    func algorithmNone(name: String) async {
        let header = #"{"alg":"\#(name)","typ":"at+jwt","kid":"k1"}"#
        for signature in [[], [UInt8](repeating: 1, count: 256)] {
            await expectRefusal(
                TokenMint.token(header: header, signature: signature), .signature(.unknownAlgorithm))
        }
    }

    @Test func publicKeyAsSecretOfAnHMAC() async throws {
        let header = #"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#
        let input = TokenMint.input(header: header, claims: TokenMint.claims)
        for secret in [try mint.key.publicKey.pem(), String(decoding: try mint.keys.json(), as: UTF8.self)] {
            let octets = Array(secret.utf8)
            let code = try MessageAuthenticationCode.make(
                for: input.octets.span, key: SecretBytes(copying: octets.span), hash: .sha256)
            await expectRefusal(
                String(decoding: input.compact(with: code), as: UTF8.self),
                .signature(.unknownAlgorithm))
        }
    }

    /// The header names a key of the attacker's, who has signed with it.
    @Test(arguments: ["k1", "own"]) func keysInTheHeader(kid: String) async throws {
        let own = try PrivateKey.generateRSA(bits: 2048)
        let jwk = try #require(
            JWKSet([JWK(try own.publicKey, keyID: kid, algorithm: nil)]).json().split(separator: UInt8(ascii: "[")).last
        )
        let key = String(decoding: jwk.dropLast(2), as: UTF8.self)
        let reason: AccessTokenRejection = kid == "k1" ? .signature(.invalidSignature) : .signature(.noSingleKey)
        for member in [
            #""jwk":\#(key)"#, #""jku":"https://evil.example/jwks""#, #""x5u":"https://evil.example/pem""#,
            #""x5c":["MIIB"]"#,
        ] {
            let header = #"{"alg":"RS256","typ":"at+jwt","kid":"\#(kid)",\#(member)}"#
            await expectRefusal(try mint.token(header: header, signedBy: own), reason)
        }
    }

    @Test(arguments: [
        "../../../../dev/null", "/dev/null", "k1' OR '1'='1", "k1; DROP TABLE keys", "k1\\u0000", "K1", "", "k1 ",
        "http://evil.example/k1", "${jndi:ldap://evil.example/a}",
    ])
    func keyIdentifiersThatArePathsOrStatements(kid: String) async throws {
        let header = #"{"alg":"RS256","typ":"at+jwt","kid":"\#(kid)"}"#
        await expectRefusal(try mint.token(header: header), .signature(.noSingleKey))
    }

    @Test(arguments: [#"["exp"]"#, #"["b64"]"#, "[]", #""exp""#, "null"]) func criticalExtensions(value: String)
        async throws
    {
        let header = #"{"alg":"RS256","typ":"at+jwt","kid":"k1","b64":false,"crit":\#(value)}"#
        await expectRefusal(try mint.token(header: header), .signature(.criticalExtension))
    }

    @Test func signaturesThatAreNone() async throws {
        for count in [0, 1, 255, 256, 257] {
            let zero = TokenMint.token(header: TokenMint.header, signature: [UInt8](repeating: 0, count: count))
            await expectRefusal(zero, .signature(.invalidSignature))
        }
        let curve = try PrivateKey.generate(on: .p256)
        let curveVerifier = try TokenMint.verifier(
            .fixed(JWKSet([JWK(try curve.publicKey, keyID: "k1", algorithm: .es256)])))
        let header = #"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#
        for signature in [[UInt8](repeating: 0, count: 64), [], [UInt8](repeating: 0xFF, count: 64)] {
            await expectRefusal(
                TokenMint.token(header: header, signature: signature), .signature(.invalidSignature), by: curveVerifier)
        }
    }

    @Test func truncated() async throws {
        let token = try mint.token()
        for end in 0..<token.utf8.count {
            await #expect(throws: AccessTokenVerificationError.self) {
                try await verifier.verify(String(token.prefix(end)))
            }
        }
    }

    @Test func dotsAndLengths() async throws {
        await expectRefusal(String(repeating: ".", count: 10_000), .signature(.malformed))
        await expectRefusal(String(repeating: ".", count: 16 * 1024 + 1), .signature(.tooLong))
        await expectRefusal(try mint.token() + "." + mint.token(), .signature(.malformed))
        let short = AccessTokenVerifier(
            issuer: try Issuer("https://i.example"), audience: try Audience("https://a.example"),
            keys: .fixed(try mint.keys), maximumTokenLength: 100, now: { TokenMint.now })
        await expectRefusal(try mint.token(), .signature(.tooLong), by: short)
    }

    @Test func encryptedAndNested() async throws {
        await expectRefusal("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d", .signature(.malformed))
        // RFC 7519 section 5.2: the payload is a token in turn.
        let header = #"{"alg":"RS256","typ":"at+jwt","cty":"JWT","kid":"k1"}"#
        await expectRefusal(try mint.token(header: header, claims: mint.token()), .signature(.malformed))
    }

    @Test func duplicateMembers() async throws {
        let header = #"{"alg":"RS256","alg":"none","typ":"at+jwt","kid":"k1"}"#
        await expectRefusal(try mint.token(header: header), .signature(.malformed))
        let claims = TokenMint.claims.replacing(#""sub":"c""#, with: #""sub":"c","sub":"admin""#)
        await expectRefusal(try mint.token(claims: claims), .signature(.malformed))
    }

    @Test func duplicateKeyIdentifiersInTheSet() async throws {
        let other = try PrivateKey.generateRSA(bits: 2048)
        let keys = JWKSet(try mint.keys.keys + [JWK(try other.publicKey, keyID: "k1", algorithm: .rs256)])
        await expectRefusal(
            try mint.token(), .signature(.noSingleKey), by: try TokenMint.verifier(.fixed(keys)))
    }

    /// An RSA key without `alg` takes both RSA algorithms, and nothing else.
    @Test func aKeyWithoutAlgorithm() async throws {
        let verifier = try TokenMint.verifier(
            .fixed(JWKSet([JWK(try mint.key.publicKey, keyID: "k1", algorithm: nil)])))
        _ = try await verifier.verify(mint.token())
        let pss = #"{"alg":"PS256","typ":"at+jwt","kid":"k1"}"#
        _ = try await verifier.verify(mint.token(header: pss, scheme: .rsaPSS(.sha256)))
        await expectRefusal(try mint.token(header: pss), .signature(.invalidSignature), by: verifier)
        await expectRefusal(
            TokenMint.token(header: #"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#, signature: [1]),
            .signature(.noSingleKey), by: verifier)
        // The one that has it takes that alone.
        await expectRefusal(
            try mint.token(header: pss, scheme: .rsaPSS(.sha256)), .signature(.noSingleKey))
    }

    /// A modulus of 1024 bits, and the exponent 1, with which every message is its own signature.
    @Test func weakKeys() async throws {
        let modulus = Base64URL.encode([0xC5] + [UInt8](repeating: 0x6B, count: 127))
        let long = Base64URL.encode([0xC5] + [UInt8](repeating: 0x6B, count: 255))
        for (n, e) in [(modulus, "AQAB"), (long, "AQ"), (long, ""), (long, "Ag")] {
            let set = #"{"keys":[{"kty":"RSA","kid":"k1","alg":"RS256","n":"\#(n)","e":"\#(e)"}]}"#
            let keys = try JWKSet(reading: Array(set.utf8))
            #expect(keys.keys.isEmpty && keys.ignored.count == 1)
            await expectRefusal(
                try mint.token(), .signature(.noSingleKey), by: try TokenMint.verifier(.fixed(keys)))
        }
    }

    @Test func times() async throws {
        func claims(_ expiry: String) -> String { TokenMint.claims.replacing("1795000900", with: expiry) }
        for good in ["1794999971", "1794999970.5e0", "1795000900.5"] where good != "1794999970.5e0" {
            _ = try await verifier.verify(mint.token(claims: claims(good)))
        }
        await expectRefusal(try mint.token(claims: claims("1794999970")), .expired)
        await expectRefusal(try mint.token(claims: claims("1794999969")), .expired)
        await expectRefusal(try mint.token(claims: claims("-1")), .expired)
        for bad in [#""1795000900""#, "null", "1e400", "true"] {
            await #expect(throws: AccessTokenVerificationError.self) {
                try await verifier.verify(mint.token(claims: claims(bad)))
            }
        }
    }

    @Test(arguments: [
        #""https://b.example""#, #"["https://b.example","https://c.example"]"#, #""https://a.example/""#,
        #""HTTPS://A.EXAMPLE""#, #"["https://a.example.evil.example"]"#,
    ])
    func audiences(audience: String) async throws {
        let claims = TokenMint.claims.replacing(#""https://a.example""#, with: audience)
        await expectRefusal(try mint.token(claims: claims), .wrongAudience)
    }

    @Test func oneAudienceOfSeveralWillDo() async throws {
        let both = #"["https://b.example","https://a.example"]"#
        _ = try await verifier.verify(
            mint.token(claims: TokenMint.claims.replacing(#""https://a.example""#, with: both)))
    }

    @Test(arguments: ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"] as [StaticString])
    func missingClaims(name: StaticString) async throws {
        let claims = TokenMint.claims.replacing(#""\#(name)":"#, with: #""x-\#(name)":"#)
        await expectRefusal(try mint.token(claims: claims), .missingClaim(name))
    }

    @Test(arguments: ["JWT", "at", "jwt", "application/jwt", "logout+jwt", "token-introspection+jwt"])
    func otherTypes(type: String) async throws {
        let header = #"{"alg":"RS256","typ":"\#(type)","kid":"k1"}"#
        await expectRefusal(try mint.token(header: header), .wrongType)
        await expectRefusal(try mint.token(header: #"{"alg":"RS256","kid":"k1"}"#), .wrongType)
    }

    @Test("A failure of libcrypto is an error of the verifier, and no reason to refuse the token")
    func failureOfLibcrypto() throws {
        let failure = #expect(throws: KeyError.self) { try PrivateKey.generateRSA(bits: 1) }
        guard case .libcrypto(let cause)? = failure else { Issue.record("no failure"); return }
        guard case .cannotVerify(let error) = AccessTokenVerificationError(.signature(.cannotVerify(cause))) else {
            Issue.record("the token is refused")
            return
        }
        #expect(error == cause)
        guard
            case .rejected(.signature(.invalidSignature)) =
                AccessTokenVerificationError(.signature(.invalidSignature))
        else { Issue.record("the token is not refused"); return }
    }
}
