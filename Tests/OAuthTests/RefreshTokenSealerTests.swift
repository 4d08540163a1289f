import AccessToken
import JOSE
import Libcrypto
import TestSupport
import Testing

@testable import OAuth

@Suite struct RefreshTokenSealerTests {
    private let issuer: Issuer
    private let key: SealingKey
    private let sealer: RefreshTokenSealer

    init() throws {
        issuer = try Issuer("https://tokens.example.com")
        key = try Self.key(1)
        sealer = RefreshTokenSealer(issuer: issuer, turns: [.init(key, start: nil)])
    }

    private static func key(_ octet: UInt8) throws -> SealingKey {
        let octets = [UInt8](repeating: octet, count: SealingKey.size)
        return try SealingKey(SecretBytes(copying: octets.span))
    }

    private static func token(scope: String = "site.read", client: String = "reporting") throws -> RefreshToken {
        try RefreshToken(
            for: ClientID(client), scope: Scope(scope), audience: [Audience("https://api.example.com")],
            lifetime: .seconds(2_592_000), now: Fixture.now)
    }

    @Test("A sealed refresh token opens as the same token")
    func whatWasSealedIsOpened() throws {
        let token = try Self.token()
        let text = try sealer.seal(token, now: Fixture.now)
        #expect(text.hasPrefix("writ_rt_"))
        #expect(try sealer.open(text) == token)
        let next = token.next(scope: .empty, audience: [], now: Fixture.now + .seconds(5))
        let nextText = try sealer.seal(next, now: Fixture.now)
        #expect(try sealer.open(nextText) == next)
        #expect(next.expiresAt == token.expiresAt)
        #expect(next.generation == 1)
    }

    @Test("The length of a sealed refresh token does not show its scope")
    func theLengthDoesNotTellTheScope() throws {
        let lengths = try ["", "a", "site.read site.documentation", String(repeating: "a", count: 120)].map {
            try sealer.seal(Self.token(scope: $0), now: Fixture.now).utf8.count
        }
        #expect(Set(lengths) == [392])
    }

    @Test("Two refresh tokens that one key sealed have nothing in common")
    func tokensOfOneKeyHaveNothingInCommon() throws {
        let token = try Self.token()
        let texts = try (0..<20).map { _ in try sealer.seal(token, now: Fixture.now) }
        let parts = texts.map { Base64URL.decode(String($0.dropFirst(8))) ?? [] }
        // The hint follows the nonce.
        #expect(Set(parts.map { Array($0[24..<32]) }).count == 20)
    }

    @Test("A refresh token of another issuer or another key does not open")
    func anotherIssuerOrKeyDoesNotOpen() throws {
        let text = try sealer.seal(Self.token(), now: Fixture.now)
        let other = RefreshTokenSealer(
            issuer: try Issuer("https://other.example.com"), turns: [.init(key, start: nil)])
        #expect(try other.open(text) == nil)
        let later = RefreshTokenSealer(issuer: issuer, turns: [.init(try Self.key(2), start: nil)])
        #expect(try later.open(text) == nil)
    }

    @Test("A text that a key sealed for another purpose does not open as a refresh token")
    func anotherPurposeDoesNotOpen() throws {
        let nonce = [UInt8](repeating: 9, count: 24)
        let plain = try #require(RefreshTokenCoding.encode(Self.token()))
        func text(_ purpose: String) throws -> String {
            let sealed = try key.seal(plain, nonce: nonce, authenticating: Array("\(purpose)\n\(issuer)".utf8))
            return "writ_rt_" + Base64URL.encode(try nonce + key.hint(for: nonce.span) + sealed)
        }
        #expect(try sealer.open(text("writ refresh token 1")) != nil)
        #expect(try sealer.open(text("writ refresh token 2")) == nil)
        #expect(try sealer.open(text("writ refresh token 1").replacing("writ_rt_", with: "writ_xx_")) == nil)
    }

    @Test("A sealing key seals from its start on, and opens tokens before that")
    func keysFollowOneAnother() throws {
        let new = try Self.key(2)
        let both = RefreshTokenSealer(
            issuer: issuer, turns: [.init(key, start: nil), .init(new, start: Fixture.now + .seconds(60))])
        let newOnly = RefreshTokenSealer(issuer: issuer, turns: [.init(new, start: nil)])
        let before = try both.seal(Self.token(), now: Fixture.now)
        let after = try both.seal(Self.token(), now: Fixture.now + .seconds(60))
        #expect(try newOnly.open(before) == nil)
        #expect(try newOnly.open(after) != nil)
        #expect(try both.open(before) != nil)
        let early = RefreshTokenSealer(issuer: issuer, turns: [.init(new, start: Fixture.now + .seconds(60))])
        #expect(!early.canSeal(at: Fixture.now))
        #expect(throws: SealingError.self) { try early.seal(Self.token(), now: Fixture.now) }
        #expect(try early.open(after) != nil)
    }

    @Test("No refresh token with a random change opens")
    func aHundredThousandChangedTokensAreRefused() throws {
        var random = SeededGenerator(seed: 0x5EA1)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. \u{E9}")
        let originals = try ["a", "site.read site.documentation", String(repeating: "b ", count: 150) + "c"].map {
            Array(try sealer.seal(Self.token(scope: $0), now: Fixture.now))
        }
        var opened = 0
        for _ in 0..<100_000 {
            let original = originals.randomElement(using: &random) ?? []
            var text = original
            let place = Int.random(in: 0..<text.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: text.removeLast(Int.random(in: 1...text.count, using: &random))
            case 1: text.remove(at: place)
            case 2: text.insert(alphabet.randomElement(using: &random) ?? "A", at: place)
            case 3: text.swapAt(place, Int.random(in: 0..<text.count, using: &random))
            default: text[place] = alphabet.randomElement(using: &random) ?? "A"
            }
            if text != original, try sealer.open(String(text)) != nil { opened += 1 }
        }
        #expect(opened == 0)
    }

    @Test("Only octets that the encoder can produce are decoded")
    func onlyWhatWasEncodedIsDecoded() throws {
        let octets = try #require(RefreshTokenCoding.encode(Self.token()))
        #expect(RefreshTokenCoding.decode(octets) != nil)
        for count in 0..<octets.count { #expect(RefreshTokenCoding.decode(Array(octets[..<count])) == nil) }
        #expect(RefreshTokenCoding.decode(octets + octets) == nil)
        #expect(RefreshTokenCoding.decode(octets + [UInt8](repeating: 0, count: 240)) == nil)
        #expect(RefreshTokenCoding.decode(octets.dropLast() + [1]) == nil)
        #expect(RefreshTokenCoding.decode([2] + octets.dropFirst()) == nil)
        let scopes = try #require(RefreshTokenCoding.encode(Self.token(scope: "one two")))
        let twice = scopes.replacing(Array("one two".utf8), with: Array("one one".utf8))
        #expect(twice != scopes && RefreshTokenCoding.decode(twice) == nil)
        let long = try Self.token(scope: String(repeating: "a", count: 70_000))
        #expect(RefreshTokenCoding.encode(long) == nil)
        let heavy = try Self.token(scope: String(repeating: "a", count: 12_000))
        #expect(throws: SealingError.self) { try sealer.seal(heavy, now: Fixture.now) }
    }
}
