import AccessToken
import JOSE
import Libcrypto
import Synchronization
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// Tokens that are bound to a key: RFC 9449 sections 4.3, 7 and 9, RFC 8705 section 3.
@Suite struct BoundTokenTests {
    private static let now = NumericDate(1_795_000_000)
    private static let url = "https://api.example.com/site"
    private static let certificate = ClientCertificate(der: Array("a certificate".utf8))

    private let issuer: TestIssuer
    private let key: TestDPoPKey

    init() throws {
        issuer = try TestIssuer()
        key = try TestDPoPKey()
    }

    private func verifier(
        _ confirmation: ConfirmationRules = ConfirmationRules(), cacheCapacity: Int = 0,
        now: @escaping @Sendable () -> NumericDate = { now }
    ) throws -> AccessTokenVerifier {
        AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: issuer.keySource,
            rules: VerificationRules(confirmation: confirmation), cacheCapacity: cacheCapacity, now: now)
    }

    /// A token with these members of `cnf`; without `cnf` if there are none.
    private func token(_ confirmation: [JSONObject.Member]) throws -> String {
        try issuer.token(
            scope: "site.read", now: Self.now,
            claims: confirmation.isEmpty ? [:] : ["cnf": .object(JSONObject(confirmation))])
    }

    private var keyMember: JSONObject.Member { .init("jkt", .string(key.thumbprint)) }

    private static func member(of certificate: ClientCertificate) throws -> JSONObject.Member {
        .init("x5t#S256", .string(Base64URL.encode(try HashFunction.sha256.digest(of: certificate.der.span))))
    }

    private func request(
        _ token: String, _ scheme: String = "DPoP", proofs: [String]? = nil, method: String = "GET",
        url: String? = url, nonce: String? = nil, certificate: ClientCertificate? = nil, now: NumericDate = now
    ) throws -> ProtectedResourceRequest {
        ProtectedResourceRequest(
            method: method, url: url, authorization: ["\(scheme) \(token)"],
            dpop: try proofs ?? [key.proof(method: method, url: Self.url, token: token, nonce: nonce, now: now)],
            clientCertificate: certificate)
    }

    private func cause(
        _ verifier: AccessTokenVerifier, _ request: ProtectedResourceRequest
    ) async -> BearerChallenge.Cause? {
        switch await verifier.authorize(request) {
        case .success: nil
        case .failure(let challenge): challenge.cause
        }
    }

    @Test("RFC 9449 section 7.1: a bound token is accepted with a proof by its key, and only once with this proof")
    func acceptsAProof() async throws {
        let verifier = try verifier()
        let request = try request(token([keyMember]))
        #expect(await cause(verifier, request) == nil)
        #expect(await cause(verifier, request) == .invalidProof(.repeated))
        #expect(await cause(verifier, try self.request(token([keyMember]))) == nil)
    }

    @Test(
        "RFC 9449 section 7.2: a token that is bound to a DPoP key is refused as a bearer token, with a proof or without"
    )
    func refusesABoundTokenAsBearer() async throws {
        let verifier = try verifier()
        let token = try token([keyMember])
        #expect(await cause(verifier, try request(token, "Bearer")) == .invalidToken(.boundToKey))
        #expect(await cause(verifier, try request(token, "Bearer", proofs: [])) == .invalidToken(.boundToKey))
        #expect(throws: AccessTokenVerificationError.rejected(.boundToKey)) {
            try verifier.verifyUsingCachedKeys(token)
        }
    }

    @Test(
        "RFC 9449 section 7.1: a token that is bound to nothing, or to a certificate alone, is refused with the scheme DPoP"
    )
    func refusesAnUnboundToken() async throws {
        let verifier = try verifier()
        for members in [[], [try Self.member(of: Self.certificate)]] {
            let request = try request(token(members), certificate: Self.certificate)
            #expect(await cause(verifier, request) == .invalidToken(.notBoundToKey))
        }
    }

    @Test("RFC 9449 section 4.3: a proof for another request, another token or by another key is refused")
    func refusesOtherProofs() async throws {
        let verifier = try verifier()
        let token = try token([keyMember])
        let (url, other) = (Self.url, try TestDPoPKey())
        func proof(
            _ method: String = "GET", _ url: String = url, _ token: String? = token, at now: NumericDate = Self.now
        )
            throws -> String
        { try key.proof(method: method, url: url, token: token, now: now) }
        let rows: [([String], DPoPProofError)] = [
            ([], .missing), ([try proof(), try proof()], .several), (["a.b.c"], .malformed),
            ([try proof("POST")], .wrongMethod), ([try proof("GET", "https://api.example.com/other")], .wrongTarget),
            ([try proof("GET", "https://other.example.com/site")], .wrongTarget),
            ([try proof("GET", "https://api.example.com:8443/site")], .wrongTarget),
            ([try proof("GET", url, nil)], .wrongToken), ([try proof("GET", url, "another")], .wrongToken),
            ([try proof(at: Self.now - .seconds(61))], .tooOld), ([try proof(at: Self.now + .seconds(61))], .tooNew),
            ([try other.proof(method: "GET", url: url, token: token, now: Self.now)], .wrongKey),
        ]
        for (proofs, error) in rows {
            #expect(await cause(verifier, try request(token, proofs: proofs)) == .invalidProof(error), "\(error)")
        }
        let same = try proof("GET", "HTTPS://API.example.com:443/%73ite")
        let query = try request(token, proofs: [same], url: "\(url)?page=2")
        #expect(await cause(verifier, query) == nil)
    }

    @Test("Without the URL of the request no proof can be checked, and a bound token is refused without a word of DPoP")
    func needsTheURL() async throws {
        let verifier = try verifier()
        let token = try token([keyMember])
        guard case .failure(let challenge) = await verifier.authorize(try request(token, url: nil)) else {
            Issue.record("accepted")
            return
        }
        #expect(challenge.cause == .invalidToken(.boundToKey))
        #expect(
            challenge.wwwAuthenticate
                == #"Bearer realm="https://api.example.com", error="invalid_token", "#
                + #"error_description="the token is refused: it is bound to a key, and no proof of that key was checked""#
        )
        await #expect(throws: AccessTokenVerificationError.rejected(.boundToKey)) {
            try await verifier.verify(token, as: .dpop, in: try request(token, url: nil))
        }
        #expect(await cause(verifier, try request(token, url: "no URL")) == .invalidProof(.wrongTarget))
    }

    @Test("RFC 8705 section 3: a token that is bound to a certificate is accepted from the client that has shown it")
    func checksTheCertificate() async throws {
        let verifier = try verifier()
        let token = try token([Self.member(of: Self.certificate)])
        func cause(_ certificate: ClientCertificate?) async throws -> BearerChallenge.Cause? {
            await self.cause(verifier, try request(token, "Bearer", proofs: [], certificate: certificate))
        }
        #expect(try await cause(Self.certificate) == nil)
        #expect(try await cause(Self.certificate) == nil)
        #expect(try await cause(nil) == .invalidToken(.wrongCertificate))
        let other = ClientCertificate(der: Array("another certificate".utf8))
        #expect(try await cause(other) == .invalidToken(.wrongCertificate))
    }

    @Test("A token that is bound to a key and to a certificate needs both")
    func checksBoth() async throws {
        let verifier = try verifier()
        let token = try token([keyMember, Self.member(of: Self.certificate)])
        let bare = try request(token)
        #expect(await cause(verifier, bare) == .invalidToken(.wrongCertificate))
        let unproven = try request(token, "Bearer", certificate: Self.certificate)
        #expect(await cause(verifier, unproven) == .invalidToken(.boundToKey))
        // The refusal has not used up the proof.
        let whole = try request(token, proofs: bare.dpop, certificate: Self.certificate)
        #expect(await cause(verifier, whole) == nil)
    }

    @Test(
        "RFC 7800 section 3.1: a confirmation that is not understood is refused, whatever the request has",
        arguments: [
            [:], .null, "a", ["jkt": 1], ["jkt": "short"], ["jkt": "*"], ["x5t#S256": "a"], ["x5t#S256": .null],
            ["kid": "a"], ["jwk": [:]],
            // A value that one of the two that are understood could have.
            ["kid": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
        ] as [JSONValue])
    func refusesOtherConfirmations(claim: JSONValue) async throws {
        let verifier = try verifier()
        for scheme in ["Bearer", "DPoP"] {
            let token = try issuer.token(now: Self.now, claims: ["cnf": claim])
            let request = try request(token, scheme, certificate: Self.certificate)
            #expect(await cause(verifier, request) == .invalidToken(.boundToKey))
        }
        for value in ["a", key.thumbprint] {
            let more = try token([keyMember, .init("kid", .string(value))])
            #expect(await cause(verifier, try request(more)) == .invalidToken(.boundToKey))
        }
    }

    @Test("What a resource server requires tokens to be bound to is required")
    func requiresABinding() async throws {
        let (bare, proven) = (try token([]), try token([keyMember]))
        let certified = try token([Self.member(of: Self.certificate)])
        let rows: [(ConfirmationRules.Binding, accepted: [String])] = [
            (.any, [proven, certified]), (.dpop, [proven]), (.certificate, [certified]),
        ]
        for (binding, accepted) in rows {
            let verifier = try verifier(ConfirmationRules(required: binding))
            for token in [bare, proven, certified] {
                let scheme: AuthorizationScheme = token == proven ? .dpop : .bearer
                let request = try request(token, certificate: Self.certificate)
                do {
                    _ = try await verifier.verify(token, as: scheme, in: request)
                    #expect(accepted.contains(token), "\(binding)")
                } catch {
                    #expect(error == .rejected(.notBoundToKey) && !accepted.contains(token), "\(binding)")
                }
            }
        }
    }

    @Test("If a certificate is required, a token that is bound to a DPoP key too is accepted with both")
    func requiresACertificate() async throws {
        let verifier = try verifier(ConfirmationRules(required: .certificate))
        let token = try token([keyMember, Self.member(of: Self.certificate)])
        #expect(await cause(verifier, try request(token, certificate: Self.certificate)) == nil)
        #expect(await cause(verifier, try request(token)) == .invalidToken(.wrongCertificate))
        #expect(await cause(verifier, try request(self.token([keyMember]))) == .invalidToken(.notBoundToKey))
    }

    @Test("A token that is cached is accepted with a confirmation of its own each time, and refused without")
    func checksCachedTokens() async throws {
        let verifier = try verifier(cacheCapacity: 10)
        let token = try token([keyMember])
        let certified = try self.token([Self.member(of: Self.certificate)])
        for _ in 0..<2 {
            #expect(await cause(verifier, try request(token)) == nil)
            #expect(await cause(verifier, try request(token, proofs: [])) == .invalidProof(.missing))
            #expect(await cause(verifier, try request(token, "Bearer")) == .invalidToken(.boundToKey))
            let shown = try request(certified, "Bearer", certificate: Self.certificate)
            #expect(await cause(verifier, shown) == nil)
            #expect(await cause(verifier, try request(certified, "Bearer")) == .invalidToken(.wrongCertificate))
        }
    }

    @Test("RFC 9449 section 9: with nonces a proof has one that this server made within five minutes")
    func nonces() async throws {
        let clock = Mutex(Self.now)
        let key = [UInt8](repeating: 7, count: 32)
        let verifier = try verifier(ConfirmationRules(nonces: try DPoPNonces(key: key))) { clock.withLock { $0 } }
        let token = try token([keyMember])
        func given(_ nonce: String?) async throws -> String? {
            let now = clock.withLock { $0 }
            guard case .nonceRequired(let given)? = await cause(verifier, try request(token, nonce: nonce, now: now))
            else { return nil }
            return given
        }
        let nonce = try #require(try await given(nil))
        #expect(try await given(nonce) == nil)
        for bad in ["", "a", nonce + "A", String(nonce.reversed())] { #expect(try await given(bad) != nil, "\(bad)") }
        let other = try DPoPNonces(key: [UInt8](repeating: 8, count: 32)).make(now: Self.now)
        #expect(try await given(other) != nil)
        // A replica with the same key makes others that are good here.
        #expect(try await given(DPoPNonces(key: key).make(now: Self.now + .seconds(60))) == nil)
        #expect(try await given(DPoPNonces(key: key).make(now: Self.now + .seconds(61))) != nil)
        clock.withLock { $0 = Self.now + .seconds(299) }
        #expect(try await given(nonce) == nil)
        clock.withLock { $0 = Self.now + .seconds(300) }
        #expect(try await given(nonce) != nil)
        #expect(throws: InvalidValue.self) { try DPoPNonces(key: [UInt8](repeating: 7, count: 31)) }
    }

    @Test("If no further proof can be recorded, a request with one is answered 503, and one without is not")
    func fullRecord() async throws {
        let verifier = try verifier(ConfirmationRules(recordedProofs: 1))
        let token = try token([keyMember])
        #expect(await cause(verifier, try request(token)) == nil)
        guard case .failure(let challenge) = await verifier.authorize(try request(token)) else {
            Issue.record("accepted")
            return
        }
        #expect(challenge.cause == .unavailable && challenge.status == 503 && challenge.retryAfter == 5)
        #expect(await cause(verifier, try request(self.token([]), "Bearer")) == nil)
    }

    @Test("A user of a client cannot fill the record for the other users of that client")
    func fairnessToUsers() async throws {
        let verifier = try verifier(ConfirmationRules(recordedProofs: 2))
        func ask(_ subject: String) async throws -> BearerChallenge.Cause? {
            let token = try issuer.token(
                subject: subject, now: Self.now,
                claims: ["client_id": "app", "cnf": .object(JSONObject([keyMember]))])
            return await cause(verifier, try request(token))
        }
        #expect(try await ask("a") == nil)
        #expect(try await ask("a") == .unavailable)
        #expect(try await ask("b") == nil)
    }

    @Test("A check of the resource server's own sees a token only after its sender was checked")
    func ownCheckIsLast() async throws {
        let seen = Mutex(0)
        let rules = VerificationRules(check: { _ in
            seen.withLock { $0 += 1 }
            return "no"
        })
        let verifier = try issuer.verifier(rules: rules, now: { Self.now })
        #expect(await cause(verifier, try request(token([keyMember]), proofs: [])) == .invalidProof(.missing))
        #expect(seen.withLock { $0 } == 0)
        #expect(await cause(verifier, try request(token([keyMember]))) == .invalidToken(.refused("no")))
    }

    @Test("Of several issuers the one of the token checks the proof, and each has a record of its own")
    func severalIssuers() async throws {
        let other = try TestIssuer("https://other.example.com")
        let verifier = try MultiIssuerVerifier([
            try self.verifier(ConfirmationRules(required: .certificate, proofAlgorithms: [.ps256])),
            try other.verifier(
                rules: VerificationRules(confirmation: ConfirmationRules(proofAlgorithms: [.es256])), now: { Self.now }),
        ])
        #expect(verifier.schemes == [.bearer, .dpop])
        #expect(verifier.proofAlgorithms.map(\.name) == ["PS256", "ES256"])
        let token = try other.token(now: Self.now, claims: ["cnf": ["jkt": .string(key.thumbprint)]])
        let request = try request(token)
        guard case .success = await verifier.authorize(request) else {
            Issue.record("refused")
            return
        }
        guard case .failure(let challenge) = await verifier.authorize(request) else {
            Issue.record("accepted")
            return
        }
        #expect(challenge.cause == .invalidProof(.repeated))
    }
}
