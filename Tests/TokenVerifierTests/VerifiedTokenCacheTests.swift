import AccessToken
import JOSE
import Libcrypto
import RemoteKeys
import Synchronization
import Testing

@testable import TokenVerifier

/// The second request with a token costs a digest; nothing that would be refused is remembered for good.
@Suite struct VerifiedTokenCacheTests {
    private let mint: TokenMint
    private let token: VerifiedAccessToken

    init() throws {
        mint = try TokenMint()
        token = try VerifiedAccessToken(
            verifying: mint.token(), keys: mint.keys, issuer: Issuer("https://i.example"),
            audience: Audience("https://a.example"), now: TokenMint.now, leeway: .zero)
    }

    @Test func remembersATokenForItsKeys() throws {
        let cache = VerifiedTokenCache(capacity: 10)
        let digest = try #require(cache.digest(of: "a"))
        #expect(cache.token(digest, version: 1, now: TokenMint.now) == nil)
        cache.remember(token, digest, version: 1, now: TokenMint.now)
        #expect(cache.token(digest, version: 1, now: TokenMint.now) == token)
        #expect(cache.token(digest, version: 2, now: TokenMint.now) == nil)
        #expect(cache.token(digest, version: 1, now: TokenMint.now - .seconds(1)) == nil)
        #expect(cache.token(try #require(cache.digest(of: "b")), version: 1, now: TokenMint.now) == nil)
    }

    @Test func isBoundedAndKeepsWhatIsUsed() throws {
        let cache = VerifiedTokenCache(capacity: 100)
        let used = try #require(cache.digest(of: "used"))
        cache.remember(token, used, version: 1, now: TokenMint.now)
        for number in 0..<1000 {
            cache.remember(token, try #require(cache.digest(of: "\(number)")), version: 1, now: TokenMint.now)
            #expect(cache.token(used, version: 1, now: TokenMint.now) != nil)
            #expect(cache.count <= 100)
        }
        let first = try #require(cache.digest(of: "0"))
        #expect(cache.token(first, version: 1, now: TokenMint.now) == nil)
    }

    @Test func aRememberedTokenExpiresAndDiesWithItsKey() async throws {
        let clock = Mutex(TokenMint.now)
        let keys = Mutex(try mint.keys)
        let set = RemoteDocument.keySet(caching: DocumentCaching(coolDown: .zero)) { () throws(DocumentFetchError) in
            FetchedDocument(keys.withLock { $0 }, maximumAge: .zero)
        }
        let verifier = try TokenMint.verifier(.remote(set), rememberedTokens: 10) { clock.withLock { $0 } }
        let text = try mint.token()
        for _ in 0..<3 { #expect(try await verifier.verify(text) == token) }
        clock.withLock { $0 = TokenMint.now + .seconds(929) }
        _ = try await verifier.verify(text)
        clock.withLock { $0 = TokenMint.now + .seconds(930) }
        let expired = await #expect(throws: AccessTokenVerificationError.self) { try await verifier.verify(text) }
        #expect(expired?.description == "the token is refused: it has expired")
        clock.withLock { $0 = TokenMint.now }
        _ = try await verifier.verify(text)
        let other = JWKSet([JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "k2", algorithm: .es256)])
        keys.withLock { $0 = other }
        await #expect(throws: AccessTokenVerificationError.self) { try await verifier.verify(text) }
    }

    /// What is remembered was verified for this audience: no two verifiers share it.
    @Test func aTokenThatWasRefusedIsRefusedAgain() async throws {
        let verifier = try TokenMint.verifier(.fixed(mint.keys), rememberedTokens: 10)
        let bad = try mint.token() + "A"
        for _ in 0..<2 {
            await #expect(throws: AccessTokenVerificationError.self) { try await verifier.verify(bad) }
        }
    }
}
