import AccessToken
import JOSE
import RemoteKeys
import TestSupport
import Testing

@testable import TokenSource

/// Tokens that are bound to a DPoP key, RFC 9449 sections 5 and 8.
@Suite(.timeLimit(.minutes(1))) struct BoundTokenTests {
    private let stub = EndpointStub()
    private let clock = ManualClock()
    private let credential: ClientCredential
    private let key: DPoPKey

    init() throws {
        credential = try .secret("s", of: try ClientID("client"))
        key = try .generate()
    }

    private func serve(_ body: @escaping @Sendable (AccessTokenSource) async throws -> Void) async throws {
        try await stub.serve(credential, boundTo: key, clock: clock, body)
    }

    /// The proofs that the token endpoint got, each of which is good there.
    private func proofs(_ issuer: Issuer) throws -> [DPoPProof] {
        try stub.received.map { received in
            try DPoPProof(
                fields: received.proofs, method: "POST", target: TargetURI("\(issuer)/token"), accessToken: nil,
                now: ManualClock.date)
        }
    }

    @Test("Each request has a proof of its own for the token endpoint, and the token has the type DPoP")
    func sendsProofs() async throws {
        stub.reply(.token("a", type: "dpop"), .token("b", type: "DPoP"))
        let other = RequestedAccess(scope: try Scope("x"))
        try await stub.serve { [stub, credential, key, clock] origin in
            let source = AccessTokenSource(
                issuer: try Issuer(origin), credential, boundTo: key, through: .tokenSource(), .standard,
                clock: clock.clock, nil)
            let token = try await source.token()
            #expect(token.type == "DPoP" && token.authorization == "DPoP a")
            _ = try await source.token(for: other)
            #expect(stub.received.count == 2)
            let proofs = try proofs(Issuer(origin))
            #expect(proofs.allSatisfy { $0.thumbprint == key.thumbprint && $0.nonce == nil })
            #expect(proofs[0].tokenID != proofs[1].tokenID)
        }
    }

    @Test("RFC 9449 section 5: a token that is not of the requested type is not used")
    func otherTypes() async throws {
        for type in ["Bearer", "N_A", "", "DPo\u{212A}"] {
            stub.reply(.token("a", type: type))
            try await serve { source in
                await #expect(throws: TokenSourceError(.unusableTokenType)) { try await source.token() }
            }
        }
        stub.reply(.token("a", type: "DPoP"))
        try await stub.serve(credential, clock: clock) { source in
            await #expect(throws: TokenSourceError(.unusableTokenType)) { try await source.token() }
        }
        #expect(stub.received.last?.proofs == [])
    }

    @Test(
        "RFC 9449 section 8: a request that lacks the nonce is sent once more with it, and the next ones have the last one"
    )
    func nonces() async throws {
        stub.reply(
            .useNonce("n-1"), .token("a", type: "DPoP"), .token("b", type: "DPoP", nonce: "n-2"),
            .token("c", type: "DPoP"))
        let scopes = try ["x", "y"].map { RequestedAccess(scope: try Scope($0)) }
        try await stub.serve { [stub, credential, key, clock] origin in
            let source = AccessTokenSource(
                issuer: try Issuer(origin), credential, boundTo: key, through: .tokenSource(), .standard,
                clock: clock.clock, nil)
            #expect(try await source.token().value == "a")
            for (scope, value) in zip(scopes, ["b", "c"]) { #expect(try await source.token(for: scope).value == value) }
            #expect(stub.received.count == 4)
            #expect(try proofs(Issuer(origin)).map(\.nonce) == [nil, "n-1", "n-1", "n-2"])
            #expect(Set(try proofs(Issuer(origin)).map(\.tokenID)).count == 4)
        }
    }

    @Test("An assertion is made anew for the request with the nonce: it is good once")
    func newAssertion() async throws {
        let pem = String(decoding: try TestVectors.octets("keys/p256.pem"), as: UTF8.self)
        let credential = try ClientCredential.privateKey(pem: pem, of: try ClientID("client"))
        stub.reply(.useNonce("n-1"), .token("a", type: "DPoP"))
        try await stub.serve(credential, boundTo: key, clock: clock) { [stub] source in
            _ = try await source.token()
            #expect(Set(stub.received.compactMap { $0.form["client_assertion"] }).count == 2)
        }
    }

    @Test(
        "An endpoint that asks for a nonce without end gets two requests, and one if it gives none that can be used",
        arguments: [
            (["n-1", "n-2", "n-3"], 2), (["n-1", "n-1", "n-1"], 2), ([nil], 1), (["a b"], 1), ([#"a"b"#], 1),
            ([#"a\b"#], 1),
            ([String(repeating: "n", count: 513)], 1), ([String(repeating: "n", count: 512), nil], 2),
        ] as [([String?], Int)])
    func endlessNonces(nonces: [String?], requests: Int) async throws {
        for nonce in nonces { stub.reply(.useNonce(nonce)) }
        try await serve { [stub] source in
            let error = await #expect(throws: TokenSourceError(.refused)) { try await source.token() }
            #expect(error?.refusal?.error == "use_dpop_nonce")
            #expect(stub.received.count == requests)
        }
    }

    @Test("Without a DPoP key no nonce is a reason for another request")
    func noKey() async throws {
        stub.reply(.useNonce("n-1"))
        try await stub.serve(credential, clock: clock) { [stub] source in
            await #expect(throws: TokenSourceError(.refused)) { try await source.token() }
            #expect(stub.received.count == 1)
        }
    }

    @Test("A program of its own way with HTTP gets the fields of a request, with the nonce of the server")
    func fields() async throws {
        stub.reply(.token("secret", type: "DPoP"))
        try await serve { [key] source in
            let token = try await source.token()
            func proof(_ url: String) throws -> DPoPProof {
                let fields = try source.fields(for: token, method: "PUT", url: url)
                #expect(fields.map(\.name) == ["Authorization", "DPoP"])
                #expect(fields[0].value == "DPoP secret")
                return try DPoPProof(
                    fields: [fields[1].value], method: "PUT", target: TargetURI(url), accessToken: "secret",
                    now: ManualClock.date)
            }
            let url = "https://api.example.com/a?b"
            #expect(try proof(url).thumbprint == key.thumbprint && proof(url).nonce == nil)
            // Two requests at once: the nonce is new for the proof of each.
            let sent = try (0..<2).map { _ in try source.fields(for: token, method: "PUT", url: url) }
            for request in sent { #expect(source.takeNonce(["n"], from: url, answering: request)) }
            let next = try source.fields(for: token, method: "PUT", url: url)
            #expect(!source.takeNonce(["n"], from: url, answering: next))
            #expect(!source.takeNonce(["a", "b"], from: url, answering: next))
            #expect(!source.takeNonce(["n"], from: "no URL", answering: sent[0]))
            let long = url + "=" + String(repeating: "|", count: 3000)
            #expect(try proof(long).nonce == "n")
            #expect(try proof("https://API.example.com:443/other").nonce == "n")
            #expect(try proof("https://api.example.com:8443/a").nonce == nil)
            for url in ["a", "http://api.example.com/a", "ftp://localhost/"] {
                #expect(throws: TokenSourceError(.insecureURL)) {
                    try source.fields(for: token, method: "GET", url: url)
                }
            }
        }
    }

    @Test("A bearer token has the field Authorization alone")
    func bearerFields() async throws {
        try await stub.serve(credential, clock: clock) { source in
            let token = try await source.token()
            let fields = try source.fields(for: token, method: "GET", url: "https://api.example.com")
            #expect(fields.map(\.name) == ["Authorization"] && fields[0].value == "Bearer token-1")
            #expect(!source.takeNonce(["n"], from: "https://api.example.com", answering: fields))
            #expect(throws: TokenSourceError(.insecureURL)) {
                try source.fields(for: token, method: "GET", url: "http://api.example.com")
            }
        }
    }

    @Test("The nonces of a bounded number of servers are kept")
    func boundedNonces() {
        let nonces = ServerNonces()
        for port in 1...1000 { nonces.take(["n"], from: "https://a.example:\(port)/") }
        #expect((1...1000).count { nonces.nonce(for: "https://a.example:\($0)/") != nil } <= 100)
        #expect(nonces.nonce(for: "https://a.example:1000/") == "n")
    }

    @Test("A key is read from PEM and never shown; a key that cannot sign proofs is refused")
    func keys() throws {
        for (name, algorithm) in [("p256.pem", nil), ("rsa-2048.pem", "PS256"), ("ed25519.pem", nil)] {
            let pem = String(decoding: try TestVectors.octets("keys/\(name)"), as: UTF8.self)
            let key = try DPoPKey(pem: pem, algorithm: algorithm)
            var dumped = ""
            dump(key, to: &dumped)
            for text in ["\(key)", dumped] {
                #expect(text.contains(key.thumbprint) && text.utf8.count < 300)
            }
        }
        let pem = String(decoding: try TestVectors.octets("keys/p256.pem"), as: UTF8.self)
        for (pem, algorithm) in [("", nil), (pem, "RS256"), (pem, "HS256"), (pem, "none")] {
            #expect(throws: TokenSourceError(.unusableCredential)) { try DPoPKey(pem: pem, algorithm: algorithm) }
        }
        #expect(try DPoPKey.generate().thumbprint != DPoPKey.generate().thumbprint)
    }

    @Test("RFC 8705 section 2: a certificate that cannot be read or shown is an error, and nothing is sent")
    func certificate() async throws {
        let credential = ClientCredential.certificateFile("a.pem", privateKeyFile: "a.key", of: try ClientID("client"))
        #expect("\(credential)" == "a certificate of the client client")
        // Plain HTTP shows no certificate.
        try await stub.serve(credential, clock: clock) { [stub] source in
            let error = await #expect(throws: TokenSourceError(.unusableCredential)) { try await source.token() }
            #expect(
                error?.description.utf8.starts(with: "the client's credential cannot be used: a certificate".utf8)
                    == true)
            #expect(stub.received.isEmpty)
        }
        let source = AccessTokenSource(
            tokenEndpoint: try RemoteURL("https://127.0.0.1:1/token"), credential: credential)
        let error = await #expect(throws: TokenSourceError(.unusableCredential)) { try await source.token() }
        #expect(error?.description.contains("a.pem") == true)
    }

    @Test("RFC 9110 section 11.6.1: the parameters of challenges are read by octets and quotation marks")
    func challenges() {
        func found(_ field: String) -> Bool { Challenges.haveParameter("error", "use_dpop_nonce", in: field) }
        for field in [
            #"DPoP error="use_dpop_nonce""#, #"dpop algs="ES256", Error = "use_dpop_nonce""#,
            #"Bearer realm="a, b", DPoP error=use_dpop_nonce"#, #"Bearer, DPoP error="use_dpop_nonce", x="y""#,
        ] { #expect(found(field), "\(field)") }
        for field in [
            "", "DPoP", #"DPoP error="invalid_token""#, #"DPoP x="error=\"use_dpop_nonce\"""#,
            #"DPoP error_description="use_dpop_nonce""#, #"DPoP x="a", error="use_dpop_nonce"#,
            #"DPoP x=", error="use_dpop_nonce""#,
        ] { #expect(!found(field), "\(field)") }
        for mark in UnicodeMarks.all {
            for field in UnicodeMarks.variants(of: #"DPoP error="use_dpop_nonce""#, at: "=", with: mark) {
                #expect(!found(field))
            }
        }
    }
}
