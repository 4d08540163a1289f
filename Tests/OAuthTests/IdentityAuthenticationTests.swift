import AccessToken
import JOSE
import Libcrypto
import TestSupport
import Testing

@testable import OAuth

/// Tokens of platforms as credentials: RFC 7523 section 3, and the rules of trusted issuers.
@Suite struct IdentityAuthenticationTests {
    private let fixture: IdentityFixture
    private static let now = Fixture.now.seconds

    init() throws { fixture = try IdentityFixture() }

    @Test(
        "RFC 7523 section 2.2: a platform's token as client_assertion says which client it is, with client_id or without"
    )
    func asAssertion() throws {
        for more in ["", "&client_id=api"] {
            let client = try fixture.authenticate(IdentityFixture.assertion + fixture.token() + more)
            #expect(client.client.id.description == "api")
            #expect(client.evidence.externalSubject == "system:serviceaccount:payments:api")
            #expect(
                client.evidence.identity
                    == IdentityTrace(
                        issuer: "cluster", subject: "system:serviceaccount:payments:api",
                        rule: "issuer=cluster,subject=system:serviceaccount:payments:api"))
        }
        #expect(
            try fixture.authenticate(IdentityFixture.assertion + fixture.githubToken()).client.id.description
                == "deploy")
    }

    @Test("The token is accepted as often as it is sent, and without jti")
    func isSentAgain() throws {
        let used = UsedAssertionList()
        for changes in [[:], ["jti": nil], ["jti": .integer(1)]] as [[String: JSONValue?]] {
            let body = IdentityFixture.assertion + (try fixture.token(changes))
            for _ in 0..<3 { #expect(fixture.cause(body, used: used) == nil) }
        }
    }

    @Test(
        "draft-ietf-oauth-spiffe-client-auth section 3.1: a JWT-SVID is found by the trust domain of sub, without iss")
    func asSVID() throws {
        let id = "spiffe://example.org/payments/api"
        for issuer in [nil, JSONValue.string("https://oidc.example.org"), .string(id)] {
            let token = try fixture.token(["iss": issuer, "sub": .string(id)])
            let client = try fixture.authenticate(IdentityFixture.svid + token)
            #expect(client.client.id.description == "workload")
            #expect(client.evidence.method == .spiffeJWT)
        }
        // It is a client of this method alone.
        let token = try fixture.token(["iss": .string("spiffe://example.org"), "sub": .string(id)])
        #expect(fixture.cause(IdentityFixture.assertion + token) == .wrongMethod)
    }

    @Test(
        "JWT-SVID section 3.1: sub is one SPIFFE ID, whose trust domain is trusted octet for octet",
        arguments: [
            ("spiffe://example.com/payments/api", RefusalCause.unknownIssuer),
            ("spiffe://example.org.evil.example/a", .unknownIssuer), ("spiffe://example.org", .identityMalformed),
            ("spiffe://example.org/", .identityMalformed), ("spiffe://example.org/a//b", .identityMalformed),
            ("spiffe://example.org/a/../b", .identityMalformed), ("spiffe://Example.org/a", .identityMalformed),
            ("SPIFFE://example.org/a", .identityMalformed), ("https://example.org/a", .identityMalformed),
            ("spiffe://example.org/payments/api2", .noMatchingClient),
            ("spiffe://example.org/a%2Fb", .identityMalformed),
            ("spiffe://example.org\u{0301}/a", .identityMalformed), ("spiffe://user@example.org/a", .identityMalformed),
        ])
    func badSPIFFEIDs(subject: String, cause: RefusalCause) throws {
        #expect(fixture.cause(IdentityFixture.svid + (try fixture.token(["sub": .string(subject)]))) == cause)
    }

    private static let refused: [([String: JSONValue?], RefusalCause)] = [
        (["aud": nil], .identityAudience), (["aud": .array([])], .identityAudience),
        (["aud": .array([.string(IdentityFixture.service), .string("https://b.example")])], .identityAudience),
        (["aud": .array([.string(IdentityFixture.service), .string(IdentityFixture.service)])], .identityAudience),
        (["aud": .string(IdentityFixture.service + "/oauth2/token")], .identityAudience),
        (["aud": .string(IdentityFixture.service + "/")], .identityAudience), (["aud": .integer(1)], .identityAudience),
        (["aud": .string("HTTPS://tokens.example.com")], .identityAudience),
        (["exp": .integer(now + 3601)], .identityLifetime), (["exp": .integer(.max)], .identityLifetime),
        (["exp": .integer(now)], .identityLifetime), (["exp": .integer(now - 1)], .identityLifetime),
        (["iat": .integer(.min)], .identityLifetime),
        (["iat": .integer(now - 3600), "exp": .integer(now - 30)], .identityExpired),
        (["iat": .integer(now + 31), "exp": .integer(now + 60)], .identityNotYetValid),
        (["nbf": .integer(now + 31)], .identityNotYetValid), (["nbf": .integer(.max)], .identityNotYetValid),
        (["exp": nil], .identityMalformed), (["iat": nil], .identityMalformed),
        (["exp": .string("1")], .identityMalformed),
        (["iat": .null], .identityMalformed), (["nbf": .string("0")], .identityMalformed),
        (["sub": .string("system:serviceaccount:payments:other")], .noMatchingClient),
        (["sub": .string("system:serviceaccount:payments:api\u{0301}")], .noMatchingClient),
        (["sub": .string("")], .assertionSubject), (["sub": nil], .assertionSubject), (["iss": nil], .assertionIssuer),
        (["sub": .integer(7)], .assertionSubject),
    ]

    @Test(
        "RFC 7523 section 3: a token that breaks a rule is refused by the word of that rule", arguments: refused)
    func refusedClaims(changes: [String: JSONValue?], cause: RefusalCause) throws {
        #expect(fixture.cause(IdentityFixture.assertion + (try fixture.token(changes))) == cause)
    }

    @Test("Clocks may differ by the leeway of the issuer, at either end")
    func leeway() throws {
        let accepted: [[String: JSONValue?]] = [
            ["iat": .integer(Self.now + 30)], ["nbf": .integer(Self.now + 30)],
            ["iat": .integer(Self.now - 3600), "exp": .integer(Self.now - 29)],
            ["exp": .number(Double(Self.now) + 60.5)],
        ]
        for changes in accepted {
            #expect(fixture.cause(IdentityFixture.assertion + (try fixture.token(changes))) == nil)
        }
        let strict = try IdentityFixture(cluster: { keys in
            try TrustedIssuer(name: "cluster", identifier: IdentityFixture.cluster, keys: keys, leeway: .zero)
        })
        #expect(
            strict.cause(IdentityFixture.assertion + (try strict.token(["iat": .integer(Self.now + 1)])))
                == .identityNotYetValid)
    }

    /// Each differs from the issuer in the least.
    @Test(
        "RFC 3986 section 6.2.1: an issuer is trusted octet for octet",
        arguments: [
            "https://kubernetes.default.svc.cluster.local/", "https://kubernetes.default.svc.cluster.local:443",
            "https://Kubernetes.default.svc.cluster.local", "http://kubernetes.default.svc.cluster.local",
            "https://\u{212A}ubernetes.default.svc.cluster.local",
            "https://kubernetes.default.svc.cluster.local\u{0301}",
            "https://kubernetes.default.svc.cluster.local.", "https://evil.example", "kubernetes/serviceaccount",
        ])
    func otherIssuers(issuer: String) throws {
        #expect(
            fixture.cause(IdentityFixture.assertion + (try fixture.token(["iss": .string(issuer)]))) == .unknownIssuer)
    }

    @Test("Another issuer's token with the same subject is not the client's")
    func sameSubjectOfAnotherIssuer() throws {
        let token = try fixture.githubToken([
            "sub": .string("system:serviceaccount:payments:api"), "repository_id": nil,
        ])
        #expect(fixture.cause(IdentityFixture.assertion + token) == .noMatchingClient)
        #expect(fixture.cause(IdentityFixture.assertion + token + "&client_id=api") == .identityMismatch)
    }

    @Test("RFC 8725 section 3.1: a token is checked with the keys of its own issuer alone, whatever its header says")
    func keysOfTheIssuerAlone() throws {
        let claims = IdentityFixture.claims()
        func cause(_ keyID: String?, _ key: PrivateKey, _ header: [(String, JSONValue)] = []) throws -> RefusalCause? {
            let token = try IdentityFixture.token(claims, header: header, keyID: keyID, signedBy: key)
            return fixture.cause(IdentityFixture.assertion + token)
        }
        #expect(try cause("g1", fixture.githubKey) == .identityNoSuchKey)
        #expect(try cause("c1", fixture.githubKey) == .identitySignature)
        #expect(try cause(nil, fixture.githubKey) == .identitySignature)
        #expect(try cause(nil, fixture.clusterKey) == nil)
        var writer = JSONWriter()
        JWK(try fixture.githubKey.publicKey, keyID: "own", algorithm: nil).write(to: &writer)
        let own = try JSONReader.read(writer.bytes)
        for header in [
            ("jwk", own), ("jku", .string("https://evil.example/keys")), ("x5u", .string("https://evil.example/c")),
            ("x5c", .array([.string("MIIB")])),
        ] as [(String, JSONValue)] {
            #expect(try cause("own", fixture.githubKey, [header]) == .identityNoSuchKey)
            #expect(try cause("c1", fixture.githubKey, [header]) == .identitySignature)
            #expect(try cause("c1", fixture.clusterKey, [header]) == nil)
        }
    }

    @Test(
        "RFC 8725 section 3.2: no algorithm but those of the issuer is accepted",
        arguments: [
            ("none", RefusalCause.identityAlgorithm), ("HS256", .identityAlgorithm), ("NONE", .identityAlgorithm),
            ("RS512", .identityAlgorithm), ("ES512", .identityAlgorithm), ("RS256", .identityNoSuchKey),
            ("ES384", .identityNoSuchKey),
        ])
    func algorithms(name: String, cause: RefusalCause) throws {
        let token = try fixture.token(header: [("alg", .string(name))])
        #expect(fixture.cause(IdentityFixture.assertion + token) == cause)
        #expect(fixture.cause(IdentityFixture.grant + token) == cause)
    }

    @Test("Only the algorithms that the operator lists are accepted, each under both of its names")
    func listedAlgorithms() throws {
        let fixture = try IdentityFixture(cluster: { keys in
            try TrustedIssuer(
                name: "cluster", identifier: IdentityFixture.cluster, keys: keys, algorithms: [.rs256, .ed25519])
        })
        #expect(fixture.cause(IdentityFixture.assertion + (try fixture.token())) == .identityAlgorithm)
        #expect(
            fixture.issuers[1].accepts(.edDSA) && fixture.issuers[1].accepts(.rs256)
                && !fixture.issuers[1].accepts(.ps256))
    }

    @Test(
        "RFC 8725 section 3.11: a token for another purpose is no identity",
        arguments: [
            ("at+jwt", RefusalCause.assertionHeaderType), ("application/at+jwt", .assertionHeaderType),
            ("token-introspection+jwt", .assertionHeaderType), ("JWT", nil), ("jwt", nil), ("JOSE", nil),
        ] as [(String, RefusalCause?)])
    func types(type: String, cause: RefusalCause?) throws {
        let token = try fixture.token(header: [("typ", .string(type))])
        #expect(fixture.cause(IdentityFixture.assertion + token) == cause)
    }

    @Test("A token of this service is never an identity, whatever its type and its key")
    func ownTokens() throws {
        for header in [[], [("typ", .string("at+jwt"))], [("typ", .string("JWT"))]] as [[(String, JSONValue)]] {
            let token = try fixture.token(["iss": .string(IdentityFixture.service)], header: header)
            for body in [IdentityFixture.assertion, IdentityFixture.grant] {
                #expect(fixture.cause(body + token) == .ownToken)
            }
        }
        let id = JSONValue.string("spiffe://example.org/payments/api")
        let svid = try fixture.token(["iss": .string(IdentityFixture.service), "sub": id])
        #expect(fixture.cause(IdentityFixture.svid + svid) == .ownToken)
    }

    @Test("client_id names the client whose identities count")
    func namedClients() throws {
        let body = IdentityFixture.assertion + (try fixture.token())
        #expect(fixture.cause(body + "&client_id=deploy") == .identityMismatch)
        #expect(fixture.cause(body + "&client_id=nobody") == .unknownClient)
        #expect(fixture.cause(body + "&client_id=secret") == .wrongMethod)
        #expect(fixture.cause(body + "&client_id=%01") == .credentialsMalformed)
    }

    @Test("A single-use issuer's token is good once, whichever client it is of, and must have a jti")
    func singleUse() throws {
        let fixture = try IdentityFixture(cluster: { keys in
            try TrustedIssuer(name: "cluster", identifier: IdentityFixture.cluster, keys: keys, isSingleUse: true)
        })
        let used = UsedAssertionList()
        let body = IdentityFixture.assertion + (try fixture.token())
        #expect(fixture.cause(body + "&client_id=deploy", used: used) == .identityMismatch)
        #expect(fixture.cause(body, used: used) == nil)
        #expect(fixture.cause(body, used: used) == .identityReplayed)
        #expect(fixture.cause(body + "&client_id=api", used: used) == .identityReplayed)
        #expect(
            fixture.cause(IdentityFixture.assertion + (try fixture.token(["jti": .string("2")])), used: used) == nil)
        for jti in [nil, JSONValue.string(""), .integer(5)] {
            let token = try fixture.token(["jti": jti])
            #expect(fixture.cause(IdentityFixture.assertion + token, used: used) == .identityWithoutID)
        }
    }

    @Test("Uses are recorded also while single_use is off, so that none is unknown when it is switched on")
    func singleUseIsSwitchedOn() throws {
        func fixture(_ isSingleUse: Bool, name: String = "cluster") throws -> IdentityFixture {
            let client = try Client(
                id: ClientID("api"),
                identities: [IdentityFixture.identity(name, subject: "system:serviceaccount:payments:api")])
            return try IdentityFixture(
                cluster: { keys in
                    try TrustedIssuer(
                        name: name, identifier: IdentityFixture.cluster, keys: keys, isSingleUse: isSingleUse)
                }, clients: [client])
        }
        let (off, on, renamed) = (try fixture(false), try fixture(true), try fixture(true, name: "renamed"))
        let used = UsedAssertionList()
        let body = IdentityFixture.assertion + (try off.token())
        for _ in 0..<3 { #expect(off.cause(body, used: used) == nil) }
        func again(_ fixture: IdentityFixture) throws -> RefusalCause? {
            // The same claims by the keys of this fixture.
            fixture.cause(IdentityFixture.assertion + (try fixture.token()), used: used)
        }
        #expect(try again(on) == .identityReplayed)
        // What the entry is called makes no other token of it.
        #expect(try again(renamed) == .identityReplayed)
        let changes: [String: JSONValue?] = ["jti": .string("other")]
        #expect(renamed.cause(IdentityFixture.assertion + (try renamed.token(changes)), used: used) == nil)
    }

    @Test("A jti of an issuer is used up for all clients, and one of a client's own for that one alone")
    func identifiersOfIssuers() throws {
        let twins = try ["a", "b"].map { id in
            try Client(
                id: ClientID(id),
                identities: [IdentityFixture.identity("cluster", subject: "system:serviceaccount:payments:api")])
        }
        let fixture = try IdentityFixture(
            cluster: { keys in
                try TrustedIssuer(name: "cluster", identifier: IdentityFixture.cluster, keys: keys, isSingleUse: true)
            }, clients: twins)
        let used = UsedAssertionList()
        let body = IdentityFixture.assertion + (try fixture.token())
        #expect(fixture.cause(body + "&client_id=a", used: used) == nil)
        #expect(fixture.cause(body + "&client_id=b", used: used) == .identityReplayed)
    }

    @Test("What fails beside the token has its issuer, its subject and its rule all the same")
    func failuresHaveATrace() throws {
        let fixture = try IdentityFixture(cluster: { keys in
            try TrustedIssuer(name: "cluster", identifier: IdentityFixture.cluster, keys: keys, isSingleUse: true)
        })
        func refusal(_ use: AssertionUse) throws -> TokenRefusal? {
            let request = try TokenRequest(parsing: Fixture.post(IdentityFixture.assertion + fixture.token()))
            guard
                case .identity(let check) = try fixture.clients.authenticate(
                    request.credentials, identities: fixture.registry, verified: .none, now: Fixture.now),
                case .fixed(let keys, _) = check.issuer.keys
            else { return nil }
            do throws(TokenRefusal) {
                _ = try check.run(keys: keys) { (_, _) throws(TokenRefusal) in use }
                return nil
            } catch {
                return error
            }
        }
        let full = try refusal(.full)
        #expect(full?.cause == .replayCacheFull && full?.code == .overloaded)
        #expect(full?.identity?.issuer == "cluster" && full?.identity?.rule?.isEmpty == false)
        #expect(full?.identity?.subject == "system:serviceaccount:payments:api")
    }

    @Test("A token that a start of the service precedes may have been used before it")
    func usedBeforeTheStart() throws {
        for lifetime in [60, 3600, 86400] as [Int64] {
            for leeway in [0, 30] as [Int64] {
                let used = try UsedAssertion(
                    tokenID: "a", clientID: ClientID("api"), maker: .issuer(IdentityFixture.cluster),
                    issuedAt: Fixture.now, expiresAt: Fixture.now + .seconds(lifetime),
                    longestUse: .seconds(86400 + 60), leeway: .seconds(leeway))
                // At a clock that is behind by the leeway it was accepted so much earlier.
                let earliest = Fixture.now - .seconds(leeway)
                #expect(used.mayHaveBeenUsed(before: earliest + .seconds(1), longestUse: .zero))
                #expect(!used.mayHaveBeenUsed(before: earliest, longestUse: .zero))
            }
        }
    }

    @Test("Copied claims have the values of the token; what it lacks is left out, and what is too long is refused")
    func copiedClaims() throws {
        func copied(_ namespace: JSONValue?) throws -> String {
            let members = namespace.map { [JSONObject.Member("namespace", $0)] } ?? []
            let token = try fixture.token(["kubernetes.io": .object(JSONObject(members))])
            let client = try fixture.authenticate(IdentityFixture.assertion + token)
            return String(decoding: client.evidence.copiedClaims, as: UTF8.self)
        }
        #expect(try copied(.string("payments")) == #""namespace":"payments""#)
        #expect(try copied(.array([.integer(1), .bool(true)])) == #""namespace":[1,true]"#)
        #expect(try copied(nil).isEmpty && copied(.null).isEmpty)
        let error = #expect(throws: TokenRefusal.self) { try copied(.string(String(repeating: "x", count: 2048))) }
        #expect(error?.cause == .identityClaimsTooLong)
    }

    /// What is malformed in the token's text itself.
    @Test("A text that is no JWT is malformed", arguments: ["", "a", "a.b.c", "..", "e30.e30.", "e30.e30.AA"])
    func noJWT(text: String) throws {
        #expect(fixture.cause(IdentityFixture.svid + text) != nil)
        #expect(fixture.cause(IdentityFixture.assertion + text) == .assertionMalformed)
    }
}
