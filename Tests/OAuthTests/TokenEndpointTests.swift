import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// All steps of a token request, without HTTP.
@Suite struct TokenEndpointTests {
    private let fixture: Fixture
    private let endpoint: TokenEndpoint

    init() throws {
        fixture = try Fixture()
        endpoint = try TokenEndpoint(
            policy: fixture.policy, sealer: RefreshTokenSealer(issuer: fixture.policy.issuer, turns: []),
            proofs: DPoPPolicy())
    }

    /// The steps that were taken, and the refusal at the end, if there is one.
    ///
    /// - Parameter admits: whether the client has not made too many requests.
    private func steps(_ body: String, admits: Bool = true) async throws -> (
        steps: [String], refusal: TokenRefusal.Code?
    ) {
        let key = try SigningKey(.generate(on: .p256), keyID: "k1", algorithm: .es256)
        var steps: [String] = []
        do throws(TokenRefusal) {
            _ = try await endpoint.answer(
                Fixture.post(body), now: Fixture.now,
                authenticate: { (credentials, _) throws(TokenRefusal) in
                    try fixture.clients.authenticate(credentials, verified: .none, now: Fixture.now).conclude()
                },
                admit: { (client) throws(TokenRefusal) in
                    guard admits else { throw TokenRefusal(.tooManyRequests) }
                    steps.append("admitted \(client.id)")
                },
                useProof: { (_, _) throws(TokenRefusal) in .first },
                sign: { grant throws(TokenRefusal) in
                    steps.append("signed")
                    return IssuedAccessToken(
                        UnsignedAccessToken(
                            for: grant, key: key, policy: fixture.policy, id: TokenID("1"), now: Fixture.now),
                        signature: [1])
                },
                observe: { progress in
                    switch progress {
                    case .identified(_, let grantType): steps.append("identified \(grantType?.rawValue ?? "")")
                    case .parsed: steps.append("parsed")
                    case .authenticated(let client): steps.append("authenticated \(client.client.id)")
                    case .bound: steps.append("bound")
                    case .authorized(let grant): steps.append("authorized \(grant.terms.scope)")
                    }
                })
            return (steps, nil)
        } catch {
            return (steps, error.code)
        }
    }

    @Test("A request is parsed, authenticated, authorized and signed, and each step ends before the next begins")
    func inOrder() async throws {
        let secret = Fixture.secret.replacing(" ", with: "+")
        let body = "grant_type=client_credentials&client_id=reporting&client_secret=\(secret)"
        let good = try await steps(body + "&scope=site.read")
        #expect(
            good.steps == [
                "identified client_credentials", "parsed", "authenticated reporting", "admitted reporting",
                "authorized site.read", "signed",
            ])
        #expect(good.refusal == nil)
        let widened = try await steps(body + "&scope=site.write")
        #expect(widened.steps.dropFirst(2) == ["authenticated reporting", "admitted reporting"])
        #expect(widened.refusal == .scopeNotAllowed)
        let wrong = try await steps("grant_type=client_credentials&client_id=reporting&client_secret=wrong")
        #expect(wrong.steps == ["identified client_credentials", "parsed"])
        #expect(wrong.refusal == .invalidClient)
        let malformed = try await steps(body + "&scope=%22")
        #expect(malformed.steps == ["identified client_credentials"])
        #expect(malformed.refusal == .malformedScope)
    }

    @Test("A client that makes too many requests is refused after its authentication and before its grant")
    func tooManyRequests() async throws {
        let secret = Fixture.secret.replacing(" ", with: "+")
        let body = "grant_type=client_credentials&client_id=reporting&client_secret="
        let refused = try await steps(body + secret, admits: false)
        #expect(refused.steps == ["identified client_credentials", "parsed", "authenticated reporting"])
        #expect(refused.refusal == .tooManyRequests)
        // Only who knows the secret learns that.
        #expect(try await steps(body + "wrong", admits: false).refusal == .invalidClient)
    }

    @Test(
        "RFC 6749 section 5.2: a grant type that is not offered is refused whether the client is authenticated or not",
        arguments: [
            "password", "authorization_code&code=a", "CLIENT_CREDENTIALS", "client_credentials+",
            "urn:ietf:params:oauth:grant-type:saml2-bearer&assertion=a.b.c",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ])
    func unknownGrantTypes(grantType: String) async throws {
        for credentials in ["", "&client_id=reporting&client_secret=wrong", "&client_id=reporting", "&client_secret=x"]
        {
            let refused = try await steps("grant_type=\(grantType)\(credentials)&scope=%22")
            #expect(refused.steps == ["identified "])
            #expect(refused.refusal == .unsupportedGrantType)
        }
    }

    @Test(
        "RFC 6749 section 5.2: a request that is malformed is invalid, whatever its grant type",
        arguments: [
            ("grant_type=", TokenRefusal.Code.missingGrantType), ("client_id=reporting", .missingGrantType),
            ("grant_type=password&grant_type=password", .repeatedParameter),
            ("grant_type=refresh_token", .missingRefreshToken), ("grant_type=%FF", .unreadableForm),
            ("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer", .missingAssertion),
        ])
    func malformedRequests(body: String, refusal: TokenRefusal.Code) async throws {
        #expect(try await steps(body).refusal == refusal)
    }
}
