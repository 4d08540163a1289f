import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import TokenVerifier

/// Known attacks on verifiers of tokens, one test for each.
@Suite struct AttackTests {
    private let mint: TokenMint
    private let verifier: AccessTokenVerifier

    init() throws {
        mint = try TokenMint()
        verifier = try TokenMint.verifier(.fixed(mint.keys))
        // A verifier caches the header of the last valid token, so every attack comes after one.
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

    @Test("A valid token is accepted, with the scope that it has")
    func aGoodTokenPasses() async throws {
        let token = try await verifier.verify(mint.token())
        #expect(token.claims.clientID?.description == "c")
        #expect(throws: Never.self) { try token.require(scope: Scope("w r")) }
        #expect(throws: InsufficientScope.self) { try token.require(scope: Scope("r x")) }
    }

    @Test("The cached header of one token is not used for a token with another header")
    func headersTakeTurns() async throws {
        let plain = #"{"alg":"RS256","typ":"at+jwt"}"#
        for header in [TokenMint.header, plain, plain, TokenMint.header] {
            _ = try await verifier.verify(mint.token(header: header))
        }
        await expectRefusal(try mint.token(header: #"{"alg":"RS256","typ":"JWT"}"#), .wrongType)
        _ = try await verifier.verify(mint.token(header: plain))
    }

    @Test(
        "RFC 8725 section 3.2: none in any spelling, and any name that is not in the table, is rejected",
        arguments: ["none", "None", "NONE", "nOnE", "", "RS256 ", "rs256"])
    func algorithmNone(name: String) async {
        let header = #"{"alg":"\#(name)","typ":"at+jwt","kid":"k1"}"#
        for signature in [[], [UInt8](repeating: 1, count: 256)] {
            await expectRefusal(
                TokenMint.token(header: header, signature: signature), .signature(.unknownAlgorithm))
        }
    }

    @Test("RFC 8725 section 2.1: an HMAC with the public key as its secret is rejected")
    func publicKeyAsSecretOfAnHMAC() async throws {
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

    /// The header names a key of the attacker, which signed the token.
    @Test("RFC 8725 section 3.10: a key that the header contains or points to is not used", arguments: ["k1", "own"])
    func keysInTheHeader(kid: String) async throws {
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

    @Test(
        "RFC 8725 section 3.10: a kid that is a path, a statement or a URL names no key",
        arguments: [
            "../../../../dev/null", "/dev/null", "k1' OR '1'='1", "k1; DROP TABLE keys", "k1\\u0000", "K1", "", "k1 ",
            "http://evil.example/k1", "${jndi:ldap://evil.example/a}",
        ])
    func keyIdentifiersThatArePathsOrStatements(kid: String) async throws {
        let header = #"{"alg":"RS256","typ":"at+jwt","kid":"\#(kid)"}"#
        await expectRefusal(try mint.token(header: header), .signature(.noSingleKey))
    }

    @Test(
        "RFC 7515 section 4.1.11: a token with a critical extension is rejected",
        arguments: [#"["exp"]"#, #"["b64"]"#, "[]", #""exp""#, "null"])
    func criticalExtensions(value: String) async throws {
        let header = #"{"alg":"RS256","typ":"at+jwt","kid":"k1","b64":false,"crit":\#(value)}"#
        await expectRefusal(try mint.token(header: header), .signature(.criticalExtension))
    }

    @Test("A signature of zeros, of ones or of another length is rejected")
    func signaturesThatAreNone() async throws {
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

    @Test("A token that is truncated anywhere is rejected")
    func truncated() async throws {
        let token = try mint.token()
        for end in 0..<token.utf8.count {
            await #expect(throws: AccessTokenVerificationError.self) {
                try await verifier.verify(String(token.prefix(end)))
            }
        }
    }

    @Test("A token with too many parts or octets is rejected")
    func dotsAndLengths() async throws {
        await expectRefusal(String(repeating: ".", count: 10_000), .signature(.malformed))
        await expectRefusal(String(repeating: ".", count: 16 * 1024 + 1), .signature(.tooLong))
        await expectRefusal(try mint.token() + "." + mint.token(), .signature(.malformed))
        let short = AccessTokenVerifier(
            issuer: try Issuer("https://i.example"), audience: try Audience("https://a.example"),
            keys: .fixed(try mint.keys), rules: VerificationRules(maximumTokenLength: 100), now: { TokenMint.now })
        await expectRefusal(try mint.token(), .signature(.tooLong), by: short)
    }

    @Test("An encrypted or nested token is rejected")
    func encryptedAndNested() async throws {
        await expectRefusal("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d", .signature(.malformed))
        // RFC 7519 section 5.2: the payload is a token in turn.
        let header = #"{"alg":"RS256","typ":"at+jwt","cty":"JWT","kid":"k1"}"#
        await expectRefusal(try mint.token(header: header, claims: mint.token()), .signature(.malformed))
    }

    @Test("RFC 7515 section 4 and RFC 7519 section 4: a token with duplicate members is rejected")
    func duplicateMembers() async throws {
        let header = #"{"alg":"RS256","alg":"none","typ":"at+jwt","kid":"k1"}"#
        await expectRefusal(try mint.token(header: header), .signature(.malformed))
        let claims = TokenMint.claims.replacing(#""sub":"c""#, with: #""sub":"c","sub":"admin""#)
        await expectRefusal(try mint.token(claims: claims), .signature(.malformed))
    }

    @Test("A token is rejected if its kid names two keys of the set")
    func duplicateKeyIdentifiersInTheSet() async throws {
        let other = try PrivateKey.generateRSA(bits: 2048)
        let keys = JWKSet(try mint.keys.keys + [JWK(try other.publicKey, keyID: "k1", algorithm: .rs256)])
        await expectRefusal(
            try mint.token(), .signature(.noSingleKey), by: try TokenMint.verifier(.fixed(keys)))
    }

    @Test("RFC 8725 section 3.1: an RSA key without alg is for RS256 alone, or for the RSA algorithm that is chosen")
    func aKeyWithoutAlgorithm() async throws {
        let keys = JWKSet([JWK(try mint.key.publicKey, keyID: "k1", algorithm: nil)])
        let verifier = try TokenMint.verifier(.fixed(keys))
        _ = try await verifier.verify(mint.token())
        let pss = #"{"alg":"PS256","typ":"at+jwt","kid":"k1"}"#
        let signedByPSS = try mint.token(header: pss, scheme: .rsaPSS(.sha256))
        await expectRefusal(signedByPSS, .signature(.noSingleKey), by: verifier)
        await expectRefusal(
            TokenMint.token(header: #"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#, signature: [1]),
            .signature(.noSingleKey), by: verifier)
        let chosen = try TokenMint.verifier(.fixed(keys), rules: VerificationRules(algorithms: [.ps256]))
        _ = try await chosen.verify(signedByPSS)
        await expectRefusal(try mint.token(header: pss), .signature(.invalidSignature), by: chosen)
        await expectRefusal(try mint.token(), .signature(.algorithmNotAccepted), by: chosen)
        // A key with `alg` verifies only that algorithm.
        await expectRefusal(
            try mint.token(header: pss, scheme: .rsaPSS(.sha256)), .signature(.noSingleKey))
    }

    /// A modulus of 1024 bits, and the exponent 1, with which every message is its own signature.
    @Test("RFC 7518 section 3.3, RFC 8017 section 3.1: an RSA key with a short modulus or a bad exponent is not used")
    func weakKeys() async throws {
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

    @Test("RFC 9068 section 4: a token is rejected as soon as its expiry and the leeway have passed")
    func times() async throws {
        func claims(_ expiry: String) -> String { TokenMint.claims.replacing("1795000900", with: expiry) }
        for good in ["1794999971", "1795000900.5"] {
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

    @Test(
        "RFC 9068 section 4: a token for another audience is rejected",
        arguments: [
            #""https://b.example""#, #"["https://b.example","https://c.example"]"#, #""https://a.example/""#,
            #""HTTPS://A.EXAMPLE""#, #"["https://a.example.evil.example"]"#,
        ])
    func audiences(audience: String) async throws {
        let claims = TokenMint.claims.replacing(#""https://a.example""#, with: audience)
        await expectRefusal(try mint.token(claims: claims), .wrongAudience)
    }

    @Test("RFC 7519 section 4.1.3: a token with several audiences is accepted if one is this resource server")
    func oneAudienceOfSeveralWillDo() async throws {
        let both = #"["https://b.example","https://a.example"]"#
        _ = try await verifier.verify(
            mint.token(claims: TokenMint.claims.replacing(#""https://a.example""#, with: both)))
    }

    @Test(
        "RFC 9068 section 2.2: a token without a required claim is rejected",
        arguments: ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"])
    func missingClaims(name: String) async throws {
        let claims = TokenMint.claims.replacing(#""\#(name)":"#, with: #""x-\#(name)":"#)
        await expectRefusal(try mint.token(claims: claims), .missingClaim(name))
    }

    @Test(
        "RFC 9068 section 4: a token of another type is rejected",
        arguments: ["JWT", "at", "jwt", "application/jwt", "logout+jwt", "token-introspection+jwt"])
    func otherTypes(type: String) async throws {
        let header = #"{"alg":"RS256","typ":"\#(type)","kid":"k1"}"#
        await expectRefusal(try mint.token(header: header), .wrongType)
        await expectRefusal(try mint.token(header: #"{"alg":"RS256","kid":"k1"}"#), .wrongType)
    }

    @Test("A failure of libcrypto is an error of the verifier, and no reason to reject the token")
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
