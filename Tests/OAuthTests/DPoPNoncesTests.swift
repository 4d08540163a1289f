import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// RFC 9449 section 8, without a record of the nonces.
@Suite struct DPoPNoncesTests {
    private let issuer: Issuer
    private let nonces: DPoPNonces

    init() throws {
        issuer = try Issuer("https://tokens.example.com")
        nonces = DPoPNonces(issuer: issuer, turns: [.init(try Self.key(1), start: nil)])
    }

    private static func key(_ octet: UInt8) throws -> SealingKey {
        let octets = [UInt8](repeating: octet, count: SealingKey.size)
        return try SealingKey(SecretBytes(copying: octets.span))
    }

    @Test("A nonce is good for five minutes, and says when it was made", arguments: [0, 1, 299] as [Int64])
    func good(age: Int64) throws {
        let nonce = try nonces.make(now: Fixture.now)
        #expect(try nonces.time(of: nonce, now: Fixture.now + .seconds(age)) == Fixture.now)
        #expect(nonce.utf8.count == 32)
    }

    @Test(
        "A nonce of yesterday is not good, nor one from a clock that is ahead by more than a minute",
        arguments: [(300, false), (86400, false), (-60, true), (-61, false)] as [(Int64, Bool)])
    func outOfTime(age: Int64, isGood: Bool) throws {
        let nonce = try nonces.make(now: Fixture.now)
        #expect(try (nonces.time(of: nonce, now: Fixture.now + .seconds(age)) != nil) == isGood)
    }

    @Test("A nonce of another service is not good, even if it has the same keys")
    func ofAnotherService() throws {
        for url in ["https://other.example.com", "https://tokens.example.com/"] {
            let other = DPoPNonces(issuer: try Issuer(url), turns: [.init(try Self.key(1), start: nil)])
            #expect(try nonces.time(of: other.make(now: Fixture.now), now: Fixture.now) == nil)
        }
        let stranger = DPoPNonces(issuer: issuer, turns: [.init(try Self.key(2), start: nil)])
        #expect(try nonces.time(of: stranger.make(now: Fixture.now), now: Fixture.now) == nil)
    }

    @Test("A nonce is good at every replica, whichever sealing key has its turn there")
    func acrossRotation() throws {
        let now = Fixture.now
        let turns = try [
            ScheduledSealingKey(Self.key(1), start: nil), ScheduledSealingKey(Self.key(2), start: now),
            ScheduledSealingKey(Self.key(3), start: now + .seconds(1)),
        ]
        let rotating = DPoPNonces(issuer: issuer, turns: turns)
        for made in [now - .seconds(1), now, now + .seconds(1)] {
            #expect(try rotating.time(of: rotating.make(now: made), now: now) == made)
        }
        // The replica that has not read the next key yet asks for another nonce, and nothing worse.
        #expect(try nonces.time(of: rotating.make(now: now - .seconds(1)), now: now) != nil)
        #expect(try nonces.time(of: rotating.make(now: now), now: now) == nil)
        // A key that was retired ends its nonces.
        let later = DPoPNonces(issuer: issuer, turns: Array(turns.dropFirst()))
        #expect(try later.time(of: rotating.make(now: now - .seconds(1)), now: now) == nil)
    }

    @Test("Other texts are no nonces")
    func otherTexts() throws {
        let nonce = try nonces.make(now: Fixture.now)
        for text in [
            "", "a", nonce + "A", String(nonce.dropLast()), nonce + "\u{301}", String(repeating: "A", count: 32),
        ] {
            #expect(try nonces.time(of: text, now: Fixture.now) == nil)
        }
        let octets = try #require(Base64URL.decode(nonce))
        for index in octets.indices {
            for bit in 0..<8 {
                var changed = octets
                changed[index] ^= 1 << bit
                #expect(try nonces.time(of: Base64URL.encode(changed), now: Fixture.now) == nil)
            }
        }
    }

    @Test("The code is no hint to the key, and no key makes nonces before its time")
    func keys() throws {
        let key = try Self.key(1)
        let octets = [UInt8](repeating: 0, count: 24)
        #expect(try Array(key.nonceCode(for: octets)[..<8]) != key.hint(for: octets.span))
        let later = DPoPNonces(issuer: issuer, turns: [.init(key, start: Fixture.now + .seconds(1))])
        #expect(throws: SealingError.noKey) { try later.make(now: Fixture.now) }
        #expect(throws: SealingError.noKey) {
            try DPoPNonces(issuer: issuer, turns: []).make(now: Fixture.now)
        }
    }
}
