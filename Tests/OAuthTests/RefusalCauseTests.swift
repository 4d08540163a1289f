import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// The log says why a request is refused. The client gets the same answer for each cause that shares a code.
@Suite struct RefusalCauseTests {
    private let clients: ClientRegistry
    private let key: PrivateKey

    init() throws {
        key = try PrivateKey.generate(on: .p256)
        let secret = ClientSecret(hash: try ClientSecretHash(of: "right"))
        let old = ClientSecret(hash: try ClientSecretHash(of: "old"), expiresAt: Fixture.now)
        let keys = ClientKeys.fixed(JWKSet([JWK(try key.publicKey, keyID: "k1", algorithm: nil)]))
        clients = try ClientRegistry([
            try Client(id: ClientID("a"), secrets: [secret, old]),
            try Client(id: ClientID("post"), secrets: [secret, old], authenticationMethod: .clientSecretPost),
            try Client(id: ClientID("job"), secrets: [], keys: keys),
            try Client(
                id: ClientID("secret"), secrets: [secret], keys: keys, authenticationMethod: .clientSecretBasic),
        ])
    }

    /// The refusal of a request; `nil` if it is authenticated.
    private func refusal(_ body: String, authorization: [String] = []) -> TokenRefusal? {
        do throws(TokenRefusal) {
            let request = try TokenRequest(
                parsing: Fixture.post("grant_type=client_credentials&\(body)", authorization: authorization))
            let authentication = try clients.authenticate(request.credentials, verified: .none, now: Fixture.now)
            if case .assertion(let check) = authentication {
                let keys = check.fixedKeys
                _ = try check.run(
                    keys: keys, audiences: AssertionFixture.audiences, rules: .standard, use: UsedAssertionList().use
                ).conclude()
            } else {
                _ = try authentication.conclude()
            }
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "RFC 6749 section 2.3.1: the cause of refused secrets",
        arguments: [
            ("nobody:right", RefusalCause.unknownClient), ("a:wrong", .wrongSecret), ("a:old", .expiredSecret),
            ("post:right", .wrongMethod), ("post:old", .expiredSecret), ("post:wrong", .wrongSecret),
            ("job:right", .wrongMethod), ("a", .credentialsMalformed), (":right", .credentialsMalformed),
        ])
    func secrets(credentials: String, cause: RefusalCause) throws {
        let refused = try #require(refusal("", authorization: [Fixture.basic(credentials)]))
        #expect(refused.cause == cause)
        #expect(refused.code == .invalidClient)
    }

    @Test(
        "RFC 6749 section 2.3: the cause of credentials that cannot be parsed",
        arguments: [
            ("", [], RefusalCause.noCredentials), ("client_id=a", [], .noCredentials),
            ("client_secret=right", [], .credentialsMalformed),
            ("client_secret=a&client_id=%01", [], .credentialsMalformed),
            ("", ["Basic !"], .credentialsMalformed), ("", ["Digest a"], .noCredentials),
            ("client_assertion=a.b.c", [], .assertionType),
            ("client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer", [], .assertionType),
            ("client_assertion_type=\(ClientAssertion.type)", [], .assertionMalformed),
            ("client_assertion_type=\(ClientAssertion.type)&client_assertion=a.b.c", [], .assertionMalformed),
        ] as [(String, [String], RefusalCause)])
    func malformed(body: String, authorization: [String], cause: RefusalCause) throws {
        let refused = try #require(refusal(body, authorization: authorization))
        #expect(refused.cause == cause)
        #expect(refused.code == .invalidClient)
    }

    @Test("Each refusal that has a code of its own has that cause")
    func codes() {
        #expect(refusal("client_id=a", authorization: [Fixture.basic("post:right")])?.cause == .conflictingClientID)
        #expect(refusal("client_secret=right", authorization: [Fixture.basic("a:right")])?.cause == .twoMethods)
        #expect(refusal("client_secret=right&client_id=a&scope=%22")?.cause == .scopeMalformed)
        #expect(refusal("client_secret=right&client_id=a") == nil)
        for code in TokenRefusal.Code.allCases { #expect(TokenRefusal(code).cause == code.cause) }
    }

    private static let now = Fixture.now.seconds

    private static let assertions: [([String: JSONValue?], [String: JSONValue?], RefusalCause?)] = [
        ([:], [:], nil),
        ([:], ["alg": .string("none")], .assertionAlgorithm), ([:], ["alg": .string("HS256")], .assertionAlgorithm),
        ([:], ["alg": .string("ES512")], .assertionAlgorithm), ([:], ["alg": .string("RS256")], .noSuchKey),
        ([:], ["alg": nil], .assertionMalformed), ([:], ["crit": .array([.string("b64")])], .assertionMalformed),
        ([:], ["typ": .string("at+jwt")], .assertionHeaderType), ([:], ["kid": .string("k2")], .noSuchKey),
        (["sub": nil], [:], .assertionSubject), (["sub": .string("")], [:], .assertionSubject),
        (["iss": nil], [:], .assertionIssuer), (["iss": .string("other")], [:], .unknownIssuer),
        (["aud": nil], [:], .assertionAudience), (["aud": .string("https://b.example")], [:], .assertionAudience),
        (
            ["aud": .array(AssertionFixture.audiences.map { .string($0) })], [:], .assertionAudience
        ),
        (["exp": nil], [:], .assertionMalformed), (["exp": .string("1795000060")], [:], .assertionMalformed),
        (["exp": .integer(now)], [:], .assertionExpired), (["exp": .integer(now + 331)], [:], .assertionLifetime),
        (["iat": .integer(now + 31)], [:], .assertionNotYetValid),
        (["nbf": .integer(now + 31)], [:], .assertionNotYetValid),
        (["jti": nil], [:], .assertionWithoutID), (["jti": .string("")], [:], .assertionMalformed),
        (["iss": .string("nobody"), "sub": .string("nobody")], [:], .unknownClient),
        (["iss": .string("a"), "sub": .string("a")], [:], .wrongMethod),
        (["iss": .string("secret"), "sub": .string("secret")], [:], .wrongMethod),
    ]

    @Test("RFC 7523 section 3: the cause of refused assertions", arguments: assertions)
    func refusedAssertions(
        claims: [String: JSONValue?], header: [String: JSONValue?], cause: RefusalCause?
    ) throws {
        let text = try AssertionFixture.assertion(AssertionFixture.claims(claims), header: header, signedBy: key)
        let refused = refusal("client_assertion_type=\(ClientAssertion.type)&client_assertion=\(text)")
        #expect(refused?.cause == cause)
        #expect(refused?.code == (cause == nil ? nil : .invalidClient))
    }

    @Test("A signature of another key is its own cause, before any other rule of an assertion")
    func signatures() throws {
        for claims in [[:], ["exp": .integer(0)], ["jti": nil]] as [[String: JSONValue?]] {
            let text = try AssertionFixture.assertion(
                AssertionFixture.claims(claims), signedBy: .generate(on: .p256))
            let refused = refusal("client_assertion_type=\(ClientAssertion.type)&client_assertion=\(text)")
            #expect(refused?.cause == .assertionSignature)
        }
    }

    /// The clients that a request names, although its credentials cannot be parsed.
    @Test(
        "The log gets the clients that a malformed request names: in the body, in Basic, or in an assertion",
        arguments: [
            ("client_id=a&client_assertion_type=x", [], ["a"]), ("client_id=a&client_secret=s", ["Basic !"], ["a"]),
            ("client_id=b", [Fixture.basic("a:s")], ["a", "b"]), ("", [], []), ("client_id=%01", [], []),
            ("client_assertion_type=x&client_assertion=e30.eyJzdWIiOiJqb2IifQ.", [], ["job"]),
            ("client_assertion_type=x&client_assertion=e30.eyJpc3MiOiJqb2IifQ.a&client_id=a", [], ["job", "a"]),
            ("client_assertion_type=x&client_assertion=!.eyJpc3MiOiJqb2IifQ.a.b.c", [], ["job"]),
            ("client_assertion_type=x&client_assertion=e30", [], []),
            ("client_assertion_type=x&client_assertion=..", [], []),
            ("client_assertion_type=x&client_assertion=a.W10.", [], []),
        ] as [(String, [String], [String])])
    func claimedClients(body: String, authorization: [String], ids: [String]) throws {
        var seen: [[String]] = []
        let request = Fixture.post("grant_type=client_credentials&\(body)", authorization: authorization)
        #expect(throws: TokenRefusal.self) {
            try TokenRequest(parsing: request) { progress in
                guard case .identified(let ids, .clientCredentials) = progress else { return }
                seen.append(ids.map(\.description))
            }
        }
        #expect(seen == [ids])
        seen = []
        #expect(throws: TokenRefusal.self) {
            try IntrospectionRequest(parsing: Fixture.post(body, authorization: authorization)) { progress in
                guard case .identified(let ids, nil) = progress else { return }
                seen.append(ids.map(\.description))
            }
        }
        #expect(seen == [ids])
    }

    @Test("RFC 6749 section 6: the cause of refused refresh tokens")
    func refreshTokens() throws {
        let policy = IssuancePolicy(issuer: try Issuer("https://tokens.example.com"))
        func client(
            _ id: String = "job", scope: String = "a", resources: [String] = [],
            grantTypes: Set<GrantType> = [.refreshToken],
            notBefore: [NumericDate] = []
        ) throws -> Client {
            try Client(
                id: ClientID(id), secrets: [], grantTypes: grantTypes, scope: Scope(scope),
                resources: resources.map { try Audience($0) }
            ).revoking(TokensNotBefore(refreshTokens: NotBefore(notBefore)))
        }
        func cause(_ client: Client, issued: Int64 = 0, isToken: Bool = true) throws -> RefusalCause? {
            let token = try RefreshToken(
                for: ClientID("job"), scope: Scope("a"), audience: [Audience(policy.issuer)], lifetime: .seconds(60),
                now: Fixture.now + .seconds(issued))
            do throws(RefusalCause) {
                _ = try LiveRefreshToken(isToken ? token : nil, of: client, policy: policy, now: Fixture.now)
                return nil
            } catch {
                return error
            }
        }
        #expect(try cause(client()) == nil)
        #expect(try cause(client(), isToken: false) == .refreshTokenUnknown)
        #expect(try cause(client("other")) == .refreshTokenOfAnotherClient)
        #expect(try cause(client(grantTypes: [.clientCredentials])) == .grantTypeNotAllowed)
        #expect(try cause(client(), issued: -60) == .refreshTokenExpired)
        #expect(try cause(client(), issued: 3600) == .refreshTokenNotYetValid)
        #expect(try cause(client(notBefore: [Fixture.now]), issued: -1) == .refreshTokenRevoked)
        #expect(try cause(client(notBefore: [Fixture.now])) == nil)
        // A moment that lies ahead waits, and brings nothing back.
        #expect(try cause(client(notBefore: [Fixture.now + .seconds(1)])) == nil)
        #expect(
            try cause(client(notBefore: [Fixture.now, Fixture.now + .seconds(1)]), issued: -1) == .refreshTokenRevoked)
        #expect(try cause(client(scope: "b")) == .refreshTokenWithdrawn)
        #expect(try cause(client(resources: ["https://a.example"])) == .refreshTokenWithdrawn)
    }
}
