import AccessToken
import JOSE
import Libcrypto
import TestSupport
import Testing

@testable import OAuth

/// DPoP proofs at the token endpoint, RFC 9449 section 5. The rules of section 4.3 themselves have tests of `DPoPProof`.
@Suite struct TokenEndpointProofTests {
    private let fixture: Fixture
    private let proofs: ProofFixture
    private let key: SigningKey
    private let used = UsedProofList()

    init() throws {
        fixture = try Fixture()
        proofs = try ProofFixture()
        key = try SigningKey(.generate(on: .p256), keyID: "k1", algorithm: .es256)
    }

    private struct Outcome {
        var steps: [String] = []
        var refusal: TokenRefusal?
        var answer: JSONObject?
        /// The claims of the access token.
        var claims: JSONObject?
    }

    private func request(
        _ fields: [String], client: String = "reporting", secret: String = Fixture.secret
    ) async throws -> Outcome {
        try await request(fields, client: client, secret: secret, recording: used)
    }

    private func request(
        _ fields: [String], client: String = "reporting", secret: String = Fixture.secret,
        recording used: UsedProofList,
        nonces: DPoPNonces? = nil, certificate: [UInt8]? = nil, alias: String? = nil,
        profile: SecurityProfile = .standard
    ) async throws -> Outcome {
        let endpoint = TokenEndpoint(
            policy: IssuancePolicy(issuer: fixture.policy.issuer, bindsTokensToCertificates: certificate != nil)
                .under(profile),
            sealer: RefreshTokenSealer(issuer: fixture.policy.issuer, turns: []),
            proofs: try DPoPPolicy(
                ownKeys: JWKSet([JWK(try #require(key.privateKey).publicKey, keyID: "k1", algorithm: .es256)]),
                nonces: nonces,
                alias: alias, profile: profile))
        var request = Fixture.post(
            "grant_type=client_credentials", authorization: [Fixture.basic("\(client):\(secret)")])
        request.fields.dpop = fields
        request.certificate = certificate.map { PresentedCertificate(der: $0) }
        var outcome = Outcome()
        do throws(TokenRefusal) {
            let answer = try await endpoint.answer(
                request, now: Fixture.now,
                authenticate: { (credentials, _) throws(TokenRefusal) in
                    outcome.steps.append("authenticate")
                    return try fixture.clients.authenticate(credentials, verified: .none, now: Fixture.now).conclude()
                },
                useProof: { (proof, now) throws(TokenRefusal) in
                    outcome.steps.append("use")
                    return used.use(proof, now: now)
                },
                sign: { grant throws(TokenRefusal) in
                    outcome.steps.append("sign")
                    return IssuedAccessToken(
                        UnsignedAccessToken(
                            for: grant, key: key, policy: fixture.policy, id: TokenID("1"), now: Fixture.now),
                        signature: [1])
                },
                observe: { if case .bound = $0 { outcome.steps.append("bound") } })
            outcome.answer = try? JSONReader.read(answer.json).object
        } catch {
            outcome.refusal = error
        }
        let token = outcome.answer?["access_token"]?.string
        outcome.claims = try token.map { try CompactJWS.unverifiedClaims(of: $0) }
        return outcome
    }

    @Test("A token that is bound to a certificate is bound to the key of the proof too")
    func bothConfirmations() async throws {
        let pem = try TestVectors.octets("certificates/clients/payments.pem")
        let certificate = try Certificate.readAll(pem: pem.span)
        let outcome = try await request([proofs.proof()], recording: used, certificate: certificate[0].der)
        let digest = Base64URL.encode(try HashFunction.sha256.digest(of: certificate[0].der.span))
        #expect(
            outcome.claims?["cnf"]
                == .object(
                    JSONObject([
                        .init("x5t#S256", .string(digest)), .init("jkt", .string(try proofs.jwk.thumbprint())),
                    ])))
        #expect(outcome.answer?["token_type"] == .string("DPoP"))
    }

    @Test("RFC 8705 section 5: htu may be the alias of the endpoint for clients with certificates, and no other URL")
    func alias() async throws {
        let alias = "https://mtls.example.com/oauth2/token"
        let proof = try proofs.proof(["htu": .string(alias)])
        #expect(try await request([proof], recording: used).refusal?.cause == .proofTarget)
        #expect(try await request([proof], recording: used, alias: alias).refusal == nil)
        let other = try proofs.proof(["htu": .string("https://other.example.com/oauth2/token")])
        #expect(try await request([other], recording: used, alias: alias).refusal?.cause == .proofTarget)
        #expect(try await request([proofs.proof(["jti": "2"])], recording: used, alias: alias).refusal == nil)
    }

    @Test("RFC 9449 sections 5 and 6.1: a token is bound to the key of the proof, and is of the type DPoP")
    func bindsTheToken() async throws {
        let outcome = try await request([proofs.proof()])
        #expect(outcome.steps == ["authenticate", "use", "bound", "sign"])
        #expect(outcome.answer?["token_type"] == .string("DPoP"))
        let thumbprint = try proofs.jwk.thumbprint()
        #expect(outcome.claims?["cnf"] == .object(JSONObject([.init("jkt", .string(thumbprint))])))
    }

    @Test("RFC 9449 section 5.2: a client with dpop_bound_access_tokens gets no token without a proof")
    func required() async throws {
        let refused = try await request([], client: "bound")
        #expect(refused.steps == ["authenticate"])
        #expect(refused.refusal?.code == .missingProof)
        #expect(refused.refusal?.cause == .proofMissing)
        #expect(refused.refusal?.code.error.description == "invalid_dpop_proof")
        #expect(try await request([proofs.proof()], client: "bound").answer?["token_type"] == .string("DPoP"))
        // A stranger does not learn that the client needs one.
        #expect(try await request([], client: "bound", secret: "wrong").refusal?.code == .invalidClient)
    }

    @Test(
        "FAPI 2.0 sections 5.3.2.1 and 5.4.1: the profile needs a proof, and takes none by RS256",
        arguments: [("RS256", SignatureScheme.rsaPKCS1(.sha256)), ("PS256", .rsaPSS(.sha256))])
    func profile(algorithm: String, scheme: SignatureScheme) async throws {
        let proofs = try ProofFixture(.generateRSA(bits: 2048))
        let proof = try proofs.proof(header: ["alg": .string(algorithm)], scheme: scheme)
        #expect(try await request([proof], recording: UsedProofList()).refusal == nil)
        let outcome = try await request([proof], recording: UsedProofList(), profile: .fapi2)
        #expect(outcome.refusal?.cause == (algorithm == "RS256" ? .proofAlgorithm : nil))
        let refused = try await request([], recording: UsedProofList(), profile: .fapi2)
        #expect(refused.refusal?.code == .missingProof && refused.steps == ["authenticate"])
    }

    @Test("A token for a request without a proof is bound to nothing")
    func withoutProof() async throws {
        let outcome = try await request([])
        #expect(outcome.steps == ["authenticate", "sign"])
        #expect(outcome.answer?["token_type"] == .string("Bearer"))
        #expect(outcome.claims?["cnf"] == nil)
    }

    @Test(
        "What takes no signature check is refused before the client is authenticated, so that no assertion is used up",
        arguments: [
            (["htm": .string("GET")], [:], RefusalCause.proofMethod),
            (["htu": .string("https://tokens.example.com/oauth2/introspect")], [:], .proofTarget),
            (["iat": .integer(Fixture.now.seconds - 61)], [:], .proofTooOld),
            (["iat": .integer(Fixture.now.seconds + 61)], [:], .proofTooNew),
            (["jti": nil], [:], .proofMissingClaim), ([:], ["typ": .string("JWT")], .proofType),
            // Only algorithms that the metadata names are accepted.
            ([:], ["alg": .string("RS512")], .proofAlgorithm), ([:], ["alg": .string("none")], .proofAlgorithm),
            ([:], ["crit": .array([])], .proofMalformed),
        ] as [([String: JSONValue?], [String: JSONValue?], RefusalCause)])
    func refusedBefore(
        claims: [String: JSONValue?], header: [String: JSONValue?], cause: RefusalCause
    ) async throws {
        let outcome = try await request([proofs.proof(claims, header: header)])
        #expect(outcome.steps == [])
        #expect(outcome.refusal?.code == .invalidProof)
        #expect(outcome.refusal?.cause == cause)
    }

    @Test("RFC 9449 section 4.3, number 1: two fields are refused")
    func several() async throws {
        let outcome = try await request([proofs.proof(), proofs.proof()])
        #expect(outcome.steps == [])
        #expect(outcome.refusal?.cause == .proofSeveral)
    }

    @Test("What takes a signature check is refused after the client is authenticated, and is not recorded")
    func refusedAfter() async throws {
        let foreign = try ProofFixture(#require(key.privateKey))
        let bad: [(String, RefusalCause)] = [
            (try foreign.proof(header: ["jwk": jwk(of: proofs)]), .proofSignature),
            (try proofs.proof(header: ["jwk": nil]), .proofKey),
            // A key of the service itself.
            (try foreign.proof(), .proofOwnKey),
        ]
        for (proof, cause) in bad {
            let outcome = try await request([proof])
            #expect(outcome.steps == ["authenticate"])
            #expect(outcome.refusal?.code == .invalidProof)
            #expect(outcome.refusal?.cause == cause)
        }
        #expect(used.all.isEmpty)
    }

    private func jwk(of proofs: ProofFixture) throws -> JSONValue {
        var writer = JSONWriter()
        proofs.jwk.write(to: &writer)
        return try JSONReader.read(writer.bytes)
    }

    @Test("A client that is not authenticated gets invalid_client, and its proof is not recorded")
    func stranger() async throws {
        let outcome = try await request([proofs.proof()], secret: "wrong")
        #expect(outcome.steps == ["authenticate"])
        #expect(outcome.refusal?.code == .invalidClient)
    }

    @Test("RFC 9449 section 11.1: a proof is good once, whichever client uses it, and its jti once for each key")
    func once() async throws {
        let proof = try proofs.proof()
        #expect(try await request([proof]).refusal == nil)
        for client in ["reporting", "short"] {
            let again = try await request([proof], client: client)
            #expect(again.steps == ["authenticate", "use"])
            #expect(again.refusal?.code == .invalidProof)
            #expect(again.refusal?.cause == .proofRepeated)
        }
        #expect(try await request([ProofFixture().proof()]).refusal == nil)
        #expect(try await request([proofs.proof(["jti": .string("2")])]).refusal == nil)
    }

    @Test("A use counts for the client, is kept until the proof is too old, and is like that of no assertion")
    func recorded() async throws {
        _ = try await request([proofs.proof(["iat": .integer(Fixture.now.seconds - 9)])], client: "short")
        let use = try #require(used.all.first)
        #expect(use.clientID.description == "short")
        #expect(use.isSingleUse)
        #expect(use.expiresAt == Fixture.now - .seconds(9) + .seconds(61))
        // A client identifier has no line feed.
        #expect(use.recordedAs == "key\n\(try proofs.jwk.thumbprint())\n1")
    }

    @Test(
        "What may have been used before the start is refused, and what cannot be recorded gets 503",
        arguments: [
            (AssertionUse.possiblyRepeated, TokenRefusal.Code.invalidProof, RefusalCause.proofBeforeStart),
            (.full, .overloaded, .replayCacheFull),
        ])
    func notRecorded(use: AssertionUse, code: TokenRefusal.Code, cause: RefusalCause) async throws {
        let outcome = try await request([proofs.proof()], recording: UsedProofList(use))
        #expect(outcome.refusal?.code == code)
        #expect(outcome.refusal?.cause == cause)
        #expect(!outcome.steps.contains("sign"))
    }

    private static func nonces(start: NumericDate? = nil) throws -> DPoPNonces {
        let octets = [UInt8](repeating: 1, count: SealingKey.size)
        return DPoPNonces(
            issuer: try Issuer("https://tokens.example.com"),
            turns: [.init(try SealingKey(SecretBytes(copying: octets.span)), start: start)])
    }

    @Test("RFC 9449 section 8: a proof without a good nonce gets use_dpop_nonce, before the client is authenticated")
    func asksForNonce() async throws {
        let nonces = try Self.nonces()
        let old = try nonces.make(now: Fixture.now - .seconds(300))
        for nonce in [nil, .string(old), .string("x"), .string("")] as [JSONValue?] {
            let outcome = try await request([proofs.proof(["nonce": nonce])], recording: used, nonces: nonces)
            #expect(outcome.steps == [])
            #expect(outcome.refusal?.code == .useNonce)
            #expect(outcome.refusal?.cause == .proofNonce)
            #expect(outcome.refusal?.code.error.description == "use_dpop_nonce")
        }
        #expect(used.all.isEmpty)
        let good = try nonces.make(now: Fixture.now - .seconds(299))
        let outcome = try await request([proofs.proof(["nonce": .string(good)])], recording: used, nonces: nonces)
        #expect(outcome.answer?["token_type"] == .string("DPoP"))
        // Without a proof there is nothing that could have a nonce.
        #expect(try await request([], recording: used, nonces: nonces).refusal == nil)
    }

    @Test(
        "With a nonce, the time of the nonce decides what was made since the start, and the refusal is to be mended by one"
    )
    func nonceDecides() async throws {
        let nonces = try Self.nonces()
        let made = Fixture.now - .seconds(5)
        let claims: [String: JSONValue?] = [
            "nonce": .string(try nonces.make(now: made)), "iat": .integer(Fixture.now.seconds - 30),
        ]
        _ = try await request([proofs.proof(claims)], recording: used, nonces: nonces)
        let use = try #require(used.all.first)
        #expect(!use.mayHaveBeenUsed(before: made, longestUse: .seconds(330)))
        #expect(use.mayHaveBeenUsed(before: made + .seconds(1), longestUse: .seconds(330)))
        let outcome = try await request(
            [proofs.proof(claims)], recording: UsedProofList(.possiblyRepeated), nonces: nonces)
        #expect(outcome.refusal?.code == .useNonce)
        #expect(outcome.refusal?.cause == .proofBeforeStart)
    }

    @Test("A service that can make no nonce fails, and does not ask for one that it cannot give")
    func noNonce() async throws {
        let nonces = try Self.nonces(start: Fixture.now + .seconds(1))
        let outcome = try await request([proofs.proof()], recording: used, nonces: nonces)
        #expect(outcome.refusal?.code == .serverError)
    }

    @Test("A proof made since the start was not used before, and one that was made earlier may have been")
    func beforeStart() async throws {
        let start = Fixture.now
        for (age, mayHaveBeenUsed) in [(-1, false), (0, false), (1, true), (60, true)] as [(Int64, Bool)] {
            let used = UsedProofList()
            let proof = try proofs.proof(["iat": .integer(start.seconds - age)])
            _ = try await request([proof], recording: used)
            let use = try #require(used.all.first)
            #expect(use.mayHaveBeenUsed(before: start, longestUse: .seconds(330)) == mayHaveBeenUsed)
        }
    }
}

@Suite struct ProofRefusalTests {
    private static let errors: [DPoPProofError] = [
        .several, .malformed, .missingClaim("htm"), .wrongType, .algorithm, .key(nil),
        .key(.invalid(.privateMember)), .key(.notUnderstood(.symmetric)), .invalidSignature, .wrongMethod, .wrongTarget,
        .tooOld, .tooNew, .repeated,
    ]

    @Test(
        "The answer says which rule a proof breaks, in a text that RFC 6749 section 5.2 allows", arguments: errors)
    func texts(error: DPoPProofError) throws {
        let refusal = TokenRefusal(error)
        #expect(refusal.cause.rawValue == error.code)
        let answer = try #require(try JSONReader.read(refusal.json).object)
        #expect(answer["error"] == .string("invalid_dpop_proof"))
        let text = try #require(answer["error_description"]?.string)
        #expect(text == "The DPoP proof is not accepted: \(error.description).")
        #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        #expect(refusal.code.status == 400)
    }

    @Test("An error of libcrypto says nothing about a proof")
    func failure() throws {
        let tooShort = [UInt8](repeating: 1, count: 4)
        let error = #expect(throws: LibcryptoError.self) { try SealingKey(SecretBytes(copying: tooShort.span)) }
        #expect(TokenRefusal(DPoPProofError.cannotVerify(try #require(error))).code == .serverError)
    }
}
