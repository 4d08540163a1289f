import AccessToken
import Libcrypto
import TestSupport
import Testing

@testable import OAuth

/// The refresh grant, RFC 6749 section 6. Recorded exchanges show each rule; these tests check what holds for every
/// refresh.
@Suite struct RefreshTests {
    private let policy: IssuancePolicy
    private let sealer: RefreshTokenSealer
    private static let lifetime: Int64 = 30 * 86400
    private static let resources = ["https://a.example.com", "https://b.example.com", "https://c.example.com"]

    init() throws {
        let issuer = try Issuer("https://tokens.example.com")
        policy = IssuancePolicy(issuer: issuer)
        let key = [UInt8](repeating: 7, count: SealingKey.size)
        sealer = RefreshTokenSealer(
            issuer: issuer, turns: [.init(try SealingKey(SecretBytes(copying: key.span)), start: nil)])
    }

    private static func client(
        scope: String = "a b c", resources: [String] = resources, grantTypes: Set<GrantType> = Set(GrantType.allCases),
        notBefore: NumericDate? = nil
    ) throws -> Client {
        try Client(
            id: ClientID("job"), secrets: [ClientSecret(hash: ClientSecretHash(of: Fixture.secret))],
            grantTypes: grantTypes, scope: Scope(scope), resources: resources.map { try Audience($0) }
        ).revoking(TokensNotBefore(refreshTokens: NotBefore(notBefore.map { [$0] } ?? [])))
    }

    private func grant(
        _ form: String, to client: Client, at now: NumericDate = Fixture.now, policy: IssuancePolicy? = nil,
        certificate: PresentedCertificate? = nil
    ) throws -> AuthorizedGrant {
        var post = Fixture.post(form, authorization: [Fixture.basic("job:\(Fixture.secret)")])
        post.certificate = certificate
        let request = try TokenRequest(parsing: post)
        let proven = try ClientRegistry([client]).authenticate(request.credentials, verified: .none, now: now)
            .conclude()
        return try proven.authorize(request, policy: policy ?? self.policy, sealer: sealer, now: now)
    }

    private func refresh(
        _ token: RefreshToken, _ more: String = "", by client: Client, at now: NumericDate = Fixture.now,
        policy: IssuancePolicy? = nil
    ) throws -> AuthorizedGrant {
        let text = try sealer.seal(token, now: now)
        return try grant("grant_type=refresh_token&refresh_token=\(text)\(more)", to: client, at: now, policy: policy)
    }

    private func first(_ more: String = "") throws -> RefreshToken {
        try #require(try grant("grant_type=client_credentials\(more)", to: Self.client()).refreshToken)
    }

    @Test("RFC 6749 section 4.4.3: only a client that is registered for refreshing gets a refresh token")
    func onlyAClientThatMayRefreshGetsOne() throws {
        let token = try first("&scope=a+b&resource=https%3A%2F%2Fb.example.com")
        #expect(token.clientID.description == "job")
        #expect(token.scope.description == "a b")
        #expect(token.audience.map(\.description) == ["https://b.example.com"])
        #expect(token.firstIssuedAt == Fixture.now)
        #expect(token.expiresAt == Fixture.now + .seconds(Self.lifetime))
        #expect(token.generation == 0)
        #expect(try first().family != token.family)
        let other = try Self.client(grantTypes: [.clientCredentials])
        #expect(try grant("grant_type=client_credentials", to: other).refreshToken == nil)
    }

    @Test("RFC 6749 section 6: a new refresh token has the scope of the old one and expires with it")
    func theNextTokenIsOfTheSameFamilyAndEndsWithIt() throws {
        let token = try first()
        let later = Fixture.now + .seconds(86400)
        let grant = try refresh(token, "&scope=b&resource=https%3A%2F%2Fa.example.com", by: Self.client(), at: later)
        #expect(grant.terms.scope.description == "b")
        let next = try #require(grant.refreshToken)
        // RFC 6749 section 6: the new refresh token grants what the old one did, even if the request asked for less.
        #expect(next.scope == token.scope)
        #expect(next.audience == token.audience)
        #expect(next.family == token.family)
        #expect(next.expiresAt == token.expiresAt)
        #expect(next.firstIssuedAt == token.firstIssuedAt)
        #expect(next.issuedAt == later)
        #expect(next.generation == 1)
    }

    @Test("A scope that was withdrawn from a client does not come back to its refresh tokens")
    func whatIsWithdrawnStaysAway() throws {
        let token = try first()
        let reduced = try #require(try refresh(token, by: Self.client(scope: "a c")).refreshToken)
        #expect(try refresh(reduced, by: Self.client()).terms.scope.description == "a c")
    }

    @Test("A shorter lifetime in the configuration applies to issued refresh tokens, a longer one does not")
    func aShorterLifetimeEndsTokensThatAreOut() throws {
        let token = try first()
        let short = IssuancePolicy(issuer: policy.issuer, refreshTokenLifetime: .seconds(100))
        let long = IssuancePolicy(issuer: policy.issuer, refreshTokenLifetime: .seconds(2 * Self.lifetime))
        let client = try Self.client()
        #expect(throws: Never.self) { try refresh(token, by: client, at: Fixture.now + .seconds(99), policy: short) }
        #expect(throws: TokenRefusal(.invalidGrant)) {
            try refresh(token, by: client, at: Fixture.now + .seconds(100), policy: short)
        }
        #expect(throws: TokenRefusal(.invalidGrant)) {
            try refresh(token, by: client, at: Fixture.now + .seconds(Self.lifetime), policy: long)
        }
    }

    @Test("A client may refresh even if it may not use client_credentials")
    func aClientMayRefreshThoughItMayNotBeginAnew() throws {
        let token = try first()
        let client = try Self.client(grantTypes: [.refreshToken])
        #expect(try refresh(token, by: client).grantType == .refreshToken)
        #expect(throws: TokenRefusal(.unauthorizedClient)) { try grant("grant_type=client_credentials", to: client) }
    }

    /// Before each refresh, the registration of the client and the requested scope change at random.
    @Test(
        "RFC 6749 section 6: no sequence of refreshes exceeds the first grant in scope, resources or time",
        arguments: 0..<50 as Range<UInt64>)
    func refreshingNeverGivesMoreThanTheFirstGrant(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func some(_ all: [String]) -> [String] { all.filter { _ in Bool.random(using: &random) } }
        let start = Fixture.now
        let firstScope = some(["a", "b", "c"]).joined(separator: "+")
        let first = try self.first(firstScope.isEmpty ? "" : "&scope=\(firstScope)")
        var tokens = [first]
        for _ in 0..<60 {
            let token = try #require(tokens.randomElement(using: &random))
            let now = start + .seconds(Int64.random(in: 0..<(Self.lifetime + 86400), using: &random))
            let client = try Self.client(
                scope: some(["a", "b", "c", "d"]).joined(separator: " "), resources: some(Self.resources),
                notBefore: Bool.random(using: &random)
                    ? start + .seconds(Int64.random(in: -5...5, using: &random)) : nil)
            let scope = some(["a", "b", "c", "d"]).joined(separator: "+")
            let more = Bool.random(using: &random) && !scope.isEmpty ? "&scope=\(scope)" : ""
            guard let grant = try? refresh(token, more, by: client, at: now) else { continue }
            #expect(grant.terms.scope.isSubset(of: first.scope))
            #expect(grant.terms.scope.isSubset(of: client.scope))
            #expect(Set(grant.terms.audience).isSubset(of: Set(first.audience)))
            #expect(!grant.terms.audience.isEmpty)
            #expect(now < start + .seconds(Self.lifetime))
            #expect(!client.notBefore.refreshTokens.revokes(start, at: now))
            let next = try #require(grant.refreshToken)
            #expect(next.expiresAt == first.expiresAt)
            #expect(next.generation == token.generation + 1)
            #expect(next.family == first.family)
            #expect(next.firstIssuedAt == first.firstIssuedAt)
            tokens.append(next)
        }
        // With each of these seeds, some refreshes succeed.
        #expect(tokens.count > 1)
    }

    @Test("FAPI 2.0 section 5.3.2.1: the profile gives no token that nothing binds, and no further refresh token")
    func profile() throws {
        let policy = IssuancePolicy(issuer: policy.issuer, bindsTokensToCertificates: true).under(.fapi2)
        let client = try Self.client()
        let pem = try TestVectors.octets("certificates/clients/payments.pem")
        let certificate = PresentedCertificate(der: try Certificate.readAll(pem: pem.span)[0].der)
        let form = "grant_type=refresh_token&refresh_token=\(try sealer.seal(first(), now: Fixture.now))"
        let refreshed = try grant(form, to: client, policy: policy, certificate: certificate)
        #expect(refreshed.terms.confirmation != nil && refreshed.refreshToken == nil)
        // Settings for a time without the profile may be read before the restart.
        let long = IssuancePolicy(
            issuer: policy.issuer, accessTokenLifetime: .seconds(6 * 3600), bindsTokensToCertificates: true)
        let limited = try grant(form, to: client, policy: long.under(.fapi2), certificate: certificate)
        #expect(limited.terms.lifetime == .seconds(3600))
        let standard = try grant(form, to: client, certificate: certificate)
        #expect(standard.terms.confirmation == nil && standard.refreshToken != nil)
        for form in [form, "grant_type=client_credentials"] {
            let error = #expect(throws: TokenRefusal.self) {
                try grant(form, to: client, policy: self.policy.under(.fapi2), certificate: certificate)
            }
            #expect(error?.cause == .proofMissing)
        }
    }
}
