import AccessToken
import JOSE
import TestSupport
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// The challenges of RFC 9449 sections 7.1 and 9, beside that of RFC 6750.
@Suite struct DPoPChallengeTests {
    private static let now = NumericDate(1_795_000_000)
    private static let url = "https://api.example.com/site"
    private static let realm = #"realm="https://api.example.com""#

    private let issuer: TestIssuer
    private let key: TestDPoPKey
    private let token: String

    init() throws {
        issuer = try TestIssuer()
        key = try TestDPoPKey()
        token = try issuer.token(
            scope: "site.read", now: Self.now, claims: ["cnf": ["jkt": .string(key.thumbprint)]])
    }

    private func challenge(
        _ authorization: [String], proofs: [String] = [], requiring scope: String = "",
        _ rules: ConfirmationRules = ConfirmationRules(proofAlgorithms: [.es256, .ps256])
    ) async throws -> BearerChallenge {
        let verifier = try issuer.verifier(rules: VerificationRules(confirmation: rules), now: { Self.now })
        let request = ProtectedResourceRequest(
            method: "GET", url: Self.url, authorization: authorization, dpop: proofs)
        switch await verifier.authorize(request, requiring: try Scope(scope)) {
        case .success: throw InvalidValue("was accepted")
        case .failure(let challenge): return challenge
        }
    }

    private func proof(_ method: String = "GET") throws -> String {
        try key.proof(method: method, url: Self.url, token: token, now: Self.now)
    }

    @Test("A request without a token learns both schemes")
    func offersBoth() async throws {
        for fields in [[], ["Basic YTpi"]] {
            let challenge = try await challenge(fields, requiring: "site.read")
            #expect(challenge.status == 401)
            #expect(
                challenge.wwwAuthenticate
                    == #"Bearer \#(Self.realm), scope="site.read", "#
                    + #"DPoP \#(Self.realm), scope="site.read", algs="ES256 PS256""#)
        }
        let several = try await challenge(["Bearer a", "DPoP a"])
        #expect(several.status == 400)
        #expect(
            several.wwwAuthenticate
                == #"Bearer \#(Self.realm), error="invalid_request", "#
                + #"error_description="the request has more than one Authorization field", "#
                + #"DPoP \#(Self.realm), algs="ES256 PS256""#)
    }

    @Test("The challenge of the scheme that the request has comes first and says what is wrong")
    func errors() async throws {
        let algorithms = #"algs="ES256 PS256", Bearer \#(Self.realm)"#
        let rows: [(String, [String], String, status: Int, String)] = [
            (
                "DPoP \(token)", [], "", 401,
                #"error="invalid_dpop_proof", error_description="the DPoP proof is refused: the request has no DPoP proof""#
            ),
            (
                "dpop \(token)", [try proof("POST")], "", 401,
                #"error="invalid_dpop_proof", error_description="the DPoP proof is refused: its htm is another method""#
            ),
            (
                "DPoP x", [try proof()], "", 401,
                #"error="invalid_token", error_description="the token is refused: it is not a JWT""#
            ),
            (
                "DPoP \(token)", [try proof()], "b", 403,
                #"error="insufficient_scope", error_description="the token's scope is not sufficient", scope="b""#
            ),
        ]
        for (field, proofs, scope, status, error) in rows {
            let challenge = try await challenge([field], proofs: proofs, requiring: scope)
            #expect(challenge.status == status)
            let bearer = scope.isEmpty ? algorithms : #"\#(algorithms), scope="b""#
            #expect(challenge.wwwAuthenticate == #"DPoP \#(Self.realm), \#(error), \#(bearer)"#)
            #expect(challenge.fields.map(\.name) == ["WWW-Authenticate"])
        }
        let bearer = try await challenge(["Bearer \(token)"])
        #expect(
            bearer.wwwAuthenticate
                == #"Bearer \#(Self.realm), error="invalid_token", error_description="the token is refused: "#
                + #"it is bound to a key, and no proof of that key was checked", "#
                + #"DPoP \#(Self.realm), algs="ES256 PS256""#)
    }

    @Test("RFC 9449 section 9: the nonce is in DPoP-Nonce beside the error use_dpop_nonce")
    func nonce() async throws {
        let rules = ConfirmationRules(proofAlgorithms: [.es256], nonces: try DPoPNonces())
        let challenge = try await challenge(["DPoP \(token)"], proofs: [try proof()], rules)
        guard case .nonceRequired(let nonce) = challenge.cause else {
            Issue.record("\(challenge.cause)")
            return
        }
        #expect(challenge.status == 401)
        #expect(challenge.fields.map(\.name) == ["WWW-Authenticate", "DPoP-Nonce"])
        #expect(challenge.fields.last?.value == nonce)
        // Section 8.1: 1*NQCHAR
        #expect(!nonce.isEmpty && nonce.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        #expect(
            challenge.wwwAuthenticate
                == #"DPoP \#(Self.realm), error="use_dpop_nonce", "#
                + #"error_description="the DPoP proof is refused: it needs the nonce of this server", algs="ES256", "#
                + #"Bearer \#(Self.realm)"#)
    }

    @Test("A server that requires one kind of binding offers the scheme of this kind alone")
    func offersWhatIsRequired() async throws {
        let dpop = ConfirmationRules(required: .dpop, proofAlgorithms: [.es256])
        #expect(try await challenge([], dpop).wwwAuthenticate == #"DPoP \#(Self.realm), algs="ES256""#)
        // A token with the other scheme is examined, and the challenge of the offered one says what is wrong.
        let bearer = try await challenge(["Bearer \(token)"], dpop)
        #expect(bearer.cause == .invalidToken(.boundToKey))
        #expect(
            bearer.wwwAuthenticate
                == #"DPoP \#(Self.realm), error="invalid_token", error_description="the token is refused: "#
                + #"it is bound to a key, and no proof of that key was checked", algs="ES256""#)
        let bare = try issuer.token(now: Self.now)
        #expect(try await challenge(["Bearer \(bare)"], dpop).cause == .invalidToken(.notBoundToKey))
        // A token with a certificate may have a DPoP key too.
        let certificate = ConfirmationRules(required: .certificate, proofAlgorithms: [.es256])
        #expect(
            try await challenge([], certificate).wwwAuthenticate
                == #"Bearer \#(Self.realm), DPoP \#(Self.realm), algs="ES256""#)
    }

    @Test("A server that requires DPoP and does not know its URL says so in its log, and offers no DPoP")
    func unknownURL() async throws {
        let log = RecordedLog()
        let rules = VerificationRules(confirmation: ConfirmationRules(required: .dpop))
        let verifier = try issuer.verifier(rules: rules, now: { Self.now })
        for (field, count) in [(nil, 1), ("Bearer \(token)", 2), ("DPoP \(token)", 3)] as [(String?, Int)] {
            let request = ProtectedResourceRequest(
                method: "GET", url: nil, authorization: field.map { [$0] } ?? [], dpop: [try proof()])
            guard case .failure(let challenge) = await verifier.authorize(request, logger: log.logger) else {
                Issue.record("accepted")
                return
            }
            #expect(challenge.cause == (field == nil ? .missingToken : .invalidToken(.boundToKey)))
            #expect(challenge.wwwAuthenticate?.hasPrefix("Bearer \(Self.realm)") == true)
            #expect(challenge.wwwAuthenticate?.contains("algs") == false)
            #expect(log.lines.count { $0.hasPrefix("warning ") } == count)
        }
    }

    @Test("A route's own demand for scope is answered with the scheme of the token")
    func insufficientScope() async throws {
        let verifier = try issuer.verifier(now: { Self.now })
        let request = ProtectedResourceRequest(
            method: "GET", url: Self.url, authorization: ["DPoP \(token)"], dpop: [try proof()])
        let verified = try await verifier.authorize(request).get()
        let challenge = BearerChallenge.insufficientScope(
            try Scope("b"), of: verified, in: ProtectionSpace(of: verifier))
        #expect(challenge.wwwAuthenticate?.hasPrefix(#"DPoP \#(Self.realm), error="insufficient_scope""#) == true)
        #expect(challenge.wwwAuthenticate?.contains("Bearer") == false)
    }

    @Test("The Authorization field is taken apart by octets", arguments: UnicodeMarks.all)
    func octets(mark: String) async throws {
        for field in [
            "DP\(mark)oP \(token)", "\(mark)DPoP \(token)", "DPoP \(token)\(mark)", "D\u{50}o\(mark)P \(token)",
        ] {
            let challenge = try await challenge([field], proofs: [try proof()])
            #expect(challenge.status == 401)
            #expect(challenge.wwwAuthenticate?.utf8.allSatisfy { (0x20...0x7E).contains($0) } == true)
        }
    }

    @Test("RFC 9728 section 2: the metadata says what tokens may or must be bound to")
    func metadata() throws {
        var metadata = try ProtectedResourceMetadata(
            resource: "https://api.example.com", authorizationServers: [issuer.issuer])
        metadata.proofAlgorithms = [.es256, .edDSA]
        metadata.requiresDPoP = true
        metadata.acceptsCertificateBoundTokens = true
        let document = try #require(try JSONReader.read(metadata.json).object)
        #expect(document["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA"])
        #expect(document["dpop_bound_access_tokens_required"] == true)
        #expect(document["tls_client_certificate_bound_access_tokens"] == true)
    }

    @Test("The public URL is a setting, to which the path of a request is added as it was received")
    func publicURL() throws {
        for (text, path, url) in [
            ("https://api.example.com", "/a%2Fb?c", "https://api.example.com/a%2Fb?c"),
            ("https://api.example.com/", "/a", "https://api.example.com/a"),
            ("https://api.example.com/v1/", "/a", "https://api.example.com/v1/a"),
            ("http://127.0.0.1:8090", "/", "http://127.0.0.1:8090/"),
        ] { #expect(try PublicURL(text).url(ofPath: path) == url) }
        for path in ["*", "", "evil.example.com:443", "http://evil.example.com/a"] {
            #expect(try PublicURL("https://api.example.com").url(ofPath: path) == nil)
        }
        for text in ["api.example.com", "ftp://a", "https://a?b", "https://a#b", "https://a@b", "", "https://"] {
            #expect(throws: InvalidValue.self, "\(text)") { try PublicURL(text) }
        }
    }
}
