import AccessToken
import JOSE
import Libcrypto
import OAuth
import Synchronization
import Testing

@testable import TokenHTTP

/// `access_token.reuse`: which requests get the same token, and how many signatures concurrent requests cost.
@Suite struct TokenReuseTests {
    private static let issued = NumericDate(1_795_000_000)

    private let key: SigningKey
    private let policy: IssuancePolicy
    private let clients: ClientRegistry

    init() throws {
        key = try Self.makeKey("k1")
        policy = IssuancePolicy(issuer: try Issuer("https://tokens.example.com"), accessTokenReuse: .seconds(10))
        clients = try ClientRegistry([
            Self.client("plain"), Self.client("other"),
            Self.client("own", reuse: .seconds(30)), Self.client("never", reuse: .zero),
            Self.client("short", lifetime: .seconds(8)),
            Self.client("refreshing", grantTypes: [.clientCredentials, .refreshToken]),
        ])
    }

    private static func makeKey(_ id: String) throws -> SigningKey {
        try SigningKey(PrivateKey.generate(on: .p256), keyID: id, algorithm: .es256)
    }

    private static func client(
        _ id: String, reuse: Duration? = nil, lifetime: Duration? = nil,
        grantTypes: Set<GrantType> = [.clientCredentials]
    ) throws -> Client {
        try Client(
            id: ClientID(id), secrets: [ClientSecret(hash: ClientSecretHash(of: "secret"))], grantTypes: grantTypes,
            scope: Scope("a b"), resources: [Audience("https://a.example.com"), Audience("https://b.example.com")],
            accessTokenLifetime: lifetime, accessTokenReuse: reuse)
    }

    private func grant(
        _ id: String = "plain", _ parameters: String = "", of clients: ClientRegistry? = nil
    ) throws -> AuthorizedGrant {
        let request = try TokenRequest(
            parsing: EndpointRequest(
                url: "https://tokens.example.com/oauth2/token",
                fields: .init(contentType: "application/x-www-form-urlencoded"),
                body: Array("grant_type=client_credentials&client_id=\(id)&client_secret=secret\(parameters)".utf8)))
        let authentication = try (clients ?? self.clients).authenticate(
            request.credentials, verified: .none, now: Self.issued)
        return try #require(authentication.provenClient).authorize(
            request, policy: policy, sealer: RefreshTokenSealer(issuer: policy.issuer, turns: []), now: Self.issued)
    }

    private func token(_ grant: AuthorizedGrant, _ id: String = "t", now: NumericDate = issued) -> IssuedAccessToken {
        IssuedAccessToken(
            UnsignedAccessToken(for: grant, key: key, policy: policy, id: TokenID(id), now: now), signature: [1, 2, 3])
    }

    @Test(
        "A token is reused for as long as its client allows, and never past half of its lifetime",
        arguments: [
            ("plain", 10), ("own", 30), ("never", 0), ("refreshing", 0),
            // The lifetime is eight seconds.
            ("short", 4),
        ])
    func forSoLong(client: String, seconds: Int64) throws {
        let grant = try grant(client)
        #expect(grant.reuse == .seconds(seconds))
        let token = token(grant)
        for age in -1...seconds + 1 {
            let now = NumericDate(Self.issued.seconds + age)
            #expect(token.isReusable(at: now) == (0..<seconds).contains(age))
        }
    }

    @Test("Two requests share a token only if client registration, scope, audience and key are equal")
    func likeRequestsAreThoseOfOneRegistrationForTheSame() throws {
        let plain = TokenReuseKey(try grant().terms, key: key)
        #expect(TokenReuseKey(try grant("plain", "&scope=a%20b").terms, key: key) == plain)
        #expect(TokenReuseKey(try grant("plain", "&resource=https://a.example.com").terms, key: key) == plain)
        let registeredAnew = try ClientRegistry([Self.client("plain")])
        let others = try [
            TokenReuseKey(grant("other").terms, key: key),
            TokenReuseKey(grant("plain", "&scope=a").terms, key: key),
            TokenReuseKey(grant("plain", "&resource=https://b.example.com").terms, key: key),
            TokenReuseKey(grant().terms, key: Self.makeKey("k2")),
            TokenReuseKey(grant(of: registeredAnew).terms, key: key),
        ]
        for other in others { #expect(other != plain) }
    }

    @Test("RFC 6749 section 5.1: expires_in of a reused token is its remaining lifetime")
    func expiresInIsWhatRemains() throws {
        let now = NumericDate(Self.issued.seconds + 7)
        let answer = try TokenResponse(
            token(try grant()), sealer: RefreshTokenSealer(issuer: policy.issuer, turns: []), now: now)
        #expect(try JSONReader.read(answer.json).object?["expires_in"] == .integer(893))
    }

    @Test("A token is reused until its reuse period ends or the clock is set back")
    func aTokenAnswersUntilItsTimeIsOver() async throws {
        let tokens = ReusableTokens()
        let grant = try grant()
        let key = TokenReuseKey(grant.terms, key: self.key)
        var made = 0
        func ask(_ age: Int64) async throws -> (String, Bool) {
            let now = NumericDate(Self.issued.seconds + age)
            let (token, isReused) = try await tokens.token(for: key, now: now) { () async throws(TokenRefusal) in
                made += 1
                return self.token(grant, "t\(made)", now: now)
            }
            return (token.content.tokenID.description, isReused)
        }
        for (age, id, isReused) in [(0, "t1", false), (9, "t1", true), (10, "t2", false), (19, "t2", true)] {
            let answer = try await ask(Int64(age))
            #expect(answer == (id, isReused))
        }
        // The clock was set back.
        #expect(try await ask(-3600) == ("t3", false))
    }

    private final class Counter: Sendable {
        private let value = Mutex(0)

        var count: Int { value.withLock { $0 } }

        func increment() { value.withLock { $0 += 1 } }
    }

    @Test("Concurrent requests for the same token cost one signature")
    func thoseThatComeTogetherCostOneSignature() async throws {
        let tokens = ReusableTokens()
        let grant = try grant()
        let key = TokenReuseKey(grant.terms, key: self.key)
        let made = Counter()
        let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<500 {
                group.addTask {
                    try await tokens.token(for: key, now: Self.issued) { () async throws(TokenRefusal) in
                        made.increment()
                        // Waits until all other requests have arrived.
                        while tokens.waitingCount < 499 { await Task.yield() }
                        return token(grant)
                    }.isReused
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(made.count == 1)
        #expect(answers.count { $0 } == 499)
        #expect(tokens.waitingCount == 0)
    }

    @Test("Keys that ask at once get a token each: none gets one that is bound to another key")
    func twoKeysAtOnce() async throws {
        let tokens = ReusableTokens()
        let grant = try grant()
        let keys = ["a", "b", nil].map { name in
            var terms = grant.terms
            terms.confirmation = name.map { .key(thumbprint: $0) }
            return (id: name ?? "none", key: TokenReuseKey(terms, key: self.key))
        }
        let (made, all) = (Counter(), Counter())
        try await withThrowingTaskGroup(of: (String, String).self) { group in
            for number in 0..<300 {
                let (id, key) = keys[number % keys.count]
                group.addTask {
                    let token = try await tokens.token(for: key, now: Self.issued) { () async throws(TokenRefusal) in
                        made.increment()
                        // Once all other requests have arrived, none waits for more.
                        while all.count == 0 {
                            if tokens.waitingCount == 297 { all.increment() }
                            await Task.yield()
                        }
                        return self.token(grant, id)
                    }.token
                    return (id, token.content.tokenID.description)
                }
            }
            for try await (id, got) in group { #expect(got == id) }
        }
        #expect(made.count == 3)
    }

    @Test("A refusal goes to all requests that wait for the token, and is not cached")
    func whatGoesWrongIsToldToAllAndNotRemembered() async throws {
        let tokens = ReusableTokens()
        let grant = try grant()
        let key = TokenReuseKey(grant.terms, key: self.key)
        await withTaskGroup(of: TokenRefusal?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do throws(TokenRefusal) {
                        _ = try await tokens.token(for: key, now: Self.issued) { () async throws(TokenRefusal) in
                            while tokens.waitingCount < 19 { await Task.yield() }
                            throw TokenRefusal(.overloaded)
                        }
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            for await error in group { #expect(error == TokenRefusal(.overloaded)) }
        }
        #expect(try await !tokens.token(for: key, now: Self.issued) { token(grant) }.isReused)
    }

    @Test("The cache of recent tokens is bounded and keeps the younger generation")
    func notMoreAreKeptThanThereIsRoomFor() throws {
        var recent = RecentTokens()
        let names = (0..<3 * RecentTokens.capacity).map { "client-\($0)" }
        let clients = try ClientRegistry(names.map { try Self.client($0) })
        let grants = try names.map { try grant($0, of: clients) }
        for (index, grant) in grants.enumerated() {
            let key = TokenReuseKey(grant.terms, key: self.key)
            recent.insert(token(grant), key, now: Self.issued)
            #expect(recent[key] != nil)
            #expect(recent.count <= 2 * RecentTokens.capacity)
            // The younger half is always cached.
            #expect(
                recent[TokenReuseKey(grants[max(0, index - RecentTokens.capacity + 1)].terms, key: self.key)] != nil)
        }
    }

    @Test("A token that is too old for reuse is dropped from the cache")
    func whatIsTooOldToAnswerGoes() throws {
        var recent = RecentTokens()
        let (first, second, third) = (try grant("plain"), try grant("other"), try grant("own"))
        for (grant, age) in [(first, 0), (second, 301), (third, 602)] {
            recent.insert(
                token(grant), TokenReuseKey(grant.terms, key: key), now: NumericDate(Self.issued.seconds + Int64(age)))
        }
        #expect(recent[TokenReuseKey(first.terms, key: key)] == nil)
        #expect(recent[TokenReuseKey(second.terms, key: key)] != nil)
        #expect(recent.count == 2)
    }
}
