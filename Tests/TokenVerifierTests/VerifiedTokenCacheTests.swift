import AccessToken
import JOSE
import Libcrypto
import RemoteKeys
import Synchronization
import Testing

@testable import TokenVerifier

/// A cached token costs only a digest, and is rejected as soon as verifying it would fail.
@Suite struct VerifiedTokenCacheTests {
    private let mint: TokenMint
    private let token: VerifiedAccessToken

    init() throws {
        mint = try TokenMint()
        token = try VerifiedAccessToken(
            verifying: mint.token(), keys: mint.keys, issuer: Issuer("https://i.example"),
            audience: Audience("https://a.example"), now: TokenMint.now, leeway: .zero)
    }

    @Test("A cached token is used only with the keys that verified it")
    func cachesATokenForItsKeys() throws {
        let cache = VerifiedTokenCache(capacity: 10)
        let digest = try #require(cache.digest(of: "a"))
        #expect(cache.token(digest, version: 1, now: TokenMint.now) == nil)
        cache.insert(token, digest, version: 1, now: TokenMint.now)
        #expect(cache.token(digest, version: 1, now: TokenMint.now) == token)
        #expect(cache.token(digest, version: 2, now: TokenMint.now) == nil)
        #expect(cache.token(digest, version: 1, now: TokenMint.now - .seconds(1)) == nil)
        #expect(cache.token(try #require(cache.digest(of: "b")), version: 1, now: TokenMint.now) == nil)
    }

    @Test("The cache is bounded, and a token that is used stays in it")
    func isBoundedAndKeepsWhatIsUsed() throws {
        let cache = VerifiedTokenCache(capacity: 100)
        let used = try #require(cache.digest(of: "used"))
        cache.insert(token, used, version: 1, now: TokenMint.now)
        for number in 0..<1000 {
            cache.insert(token, try #require(cache.digest(of: "\(number)")), version: 1, now: TokenMint.now)
            #expect(cache.token(used, version: 1, now: TokenMint.now) != nil)
            #expect(cache.count <= 100)
        }
        let first = try #require(cache.digest(of: "0"))
        #expect(cache.token(first, version: 1, now: TokenMint.now) == nil)
    }

    @Test("RFC 7519 section 4.1.4: a cached token expires, and is verified again when the keys change")
    func aCachedTokenExpires() async throws {
        let clock = Mutex(TokenMint.now)
        let keys = Mutex(try mint.keys)
        let set = RemoteDocument.keySet(caching: DocumentCaching(coolDown: .zero)) { () throws(DocumentFetchError) in
            FetchedDocument(keys.withLock { $0 }, maximumAge: .zero)
        }
        let verifier = try TokenMint.verifier(.remote(set), cacheCapacity: 10) { clock.withLock { $0 } }
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

    @Test("A token that was rejected is rejected again")
    func rejectsAgain() async throws {
        let verifier = try TokenMint.verifier(.fixed(mint.keys), cacheCapacity: 10)
        let bad = try mint.token() + "A"
        for _ in 0..<2 {
            await #expect(throws: AccessTokenVerificationError.self) { try await verifier.verify(bad) }
        }
    }

    /// Digests of which all choose one of two sets, and have the same tag there.
    private static func similarDigests(_ count: Int) -> [VerifiedTokenCache.Digest] {
        (0..<count).map { number in
            var digest = [UInt8](repeating: 0, count: 32)
            digest[7] = UInt8(number % 2)
            digest[15] = 1
            digest[31] = UInt8(number)
            return digest
        }
    }

    @Test("Threads that use few places at the same time get the token of their digest and version, or none")
    func concurrentUse() async throws {
        let versions = 2
        let digests = Self.similarDigests(24)
        let tokens = try (0..<digests.count * versions).map { number in
            try VerifiedAccessToken(
                verifying: mint.token(claims: TokenMint.claims.replacing(#""jti":"1""#, with: #""jti":"\#(number)""#)),
                keys: mint.keys, issuer: Issuer("https://i.example"), audience: Audience("https://a.example"),
                now: TokenMint.now, leeway: .zero)
        }
        let cache = VerifiedTokenCache(capacity: 16)
        let outcomes = await withTaskGroup(of: (right: Int, wrong: Int).self) { group in
            for start in 0..<8 {
                group.addTask {
                    var (right, wrong) = (0, 0)
                    var number = start
                    for round in 0..<4000 {
                        number = (number * 5 + 7) % tokens.count
                        let (digest, version) = (digests[number / versions], number % versions)
                        if round % 2 == 0 {
                            cache.insert(tokens[number], digest, version: version, now: TokenMint.now)
                        } else if let found = cache.token(digest, version: version, now: TokenMint.now) {
                            if found.claims.tokenID == "\(number)" { right += 1 } else { wrong += 1 }
                        }
                    }
                    return (right, wrong)
                }
            }
            return await group.reduce(into: (right: 0, wrong: 0)) {
                $0.right += $1.right; $0.wrong += $1.wrong
            }
        }
        #expect(outcomes.wrong == 0 && outcomes.right > 0)
        #expect(cache.count <= 16)
    }
}
