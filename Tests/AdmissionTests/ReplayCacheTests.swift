import AccessToken
import Admission
import OAuth
import Testing

/// RFC 7523 section 3, number 7.
@Suite struct ReplayCacheTests {
    private let now = NumericDate(1_795_000_000)
    private let cache: ReplayCache
    private let client: ClientID

    init() throws {
        cache = try ReplayCache(start: now, capacity: 100)
        client = try ClientID("job")
    }

    /// Records the use of an assertion that was made at the start.
    private func use(_ tokenID: String, of client: ClientID, now: NumericDate) throws -> AssertionUse {
        let made = UsedAssertion(
            tokenID: tokenID, clientID: client, issuedAt: self.now, expiresAt: self.now + .seconds(300))
        return try cache.use(made, now: now)
    }

    @Test(
        "An assertion is repeated until it expires, however long it lives and however many are used meanwhile",
        arguments: [60, 330, 600, 3630] as [Int64])
    func repeatedUntilItExpires(lifetime: Int64) throws {
        let end = now + .seconds(lifetime)
        let kept = UsedAssertion(tokenID: "kept", clientID: client, issuedAt: now, expiresAt: end)
        #expect(try cache.use(kept, now: now) == .first)
        for wait in stride(from: 0, to: lifetime, by: 7) {
            let then = now + .seconds(wait)
            let other = UsedAssertion(
                tokenID: "\(wait)", clientID: client, issuedAt: then, expiresAt: then + .seconds(1))
            #expect(try cache.use(other, now: then) == .first)
            #expect(try cache.use(kept, now: then) == .repeated)
        }
        #expect(try cache.use(kept, now: end - .seconds(1)) == .repeated)
    }

    @Test("A proof is repeated whichever client uses it, and is like no assertion and no token of a platform")
    func proofs() throws {
        let other = try ClientID("other")
        func use(_ maker: UsedAssertion.Maker, _ tokenID: String, by client: ClientID) throws -> AssertionUse {
            let used = UsedAssertion(
                tokenID: tokenID, clientID: client, maker: maker, issuedAt: now, expiresAt: now + .seconds(61))
            return try cache.use(used, now: now)
        }
        #expect(try use(.key(thumbprint: "k"), "1", by: client) == .first)
        #expect(try use(.key(thumbprint: "k"), "1", by: other) == .repeated)
        #expect(try use(.key(thumbprint: "l"), "1", by: client) == .first)
        #expect(try use(.issuer("k"), "1", by: client) == .first)
        for tokenID in ["1", "key\nk\n1", "\nkey\nk\n1"] {
            #expect(try use(.client, tokenID, by: client) == .first)
        }
        #expect(try use(.client, "1", by: other) == .first)
    }

    @Test("Proofs of the second of the start may have been used, if assertions may not")
    func startOfProofs() throws {
        let cache = try ReplayCache(start: now, delayOfProofs: .seconds(1))
        func use(_ maker: UsedAssertion.Maker, _ tokenID: String, issuedAt: NumericDate) throws -> AssertionUse {
            let used = UsedAssertion(
                tokenID: tokenID, clientID: client, maker: maker, issuedAt: issuedAt, expiresAt: issuedAt + .seconds(61)
            )
            return try cache.use(used, now: now)
        }
        #expect(try use(.client, "1", issuedAt: now) == .first)
        #expect(try use(.key(thumbprint: "k"), "1", issuedAt: now) == .possiblyRepeated)
        #expect(try use(.key(thumbprint: "k"), "2", issuedAt: now + .seconds(1)) == .first)
    }

    @Test("A proof counts for the client that uses it")
    func countsForTheClient() throws {
        let uses = try (0..<100).map { number in
            try cache.use(
                UsedAssertion(
                    tokenID: "\(number)", clientID: client, maker: .key(thumbprint: "k"), issuedAt: now,
                    expiresAt: now + .seconds(61)), now: now)
        }
        #expect(uses.count { $0 == .first } == 50)
        #expect(uses.last == .full)
        #expect(try use("1", of: ClientID("other"), now: now) == .first)
    }

    @Test("Assertions that have expired are dropped some minutes later, and short ones do not wait for long ones")
    func dropped() throws {
        for number in 0..<10 {
            let lifetime: Int64 = number < 2 ? 3600 : 60
            let assertion = UsedAssertion(
                tokenID: "\(number)", clientID: client, issuedAt: now, expiresAt: now + .seconds(lifetime))
            #expect(try cache.use(assertion, now: now) == .first)
        }
        for wait in stride(from: 10, through: 1200, by: 10) as StrideThrough<Int64> {
            let then = now + .seconds(wait)
            let assertion = UsedAssertion(
                tokenID: "last", clientID: client, issuedAt: then, expiresAt: now + .seconds(3600))
            _ = try cache.use(assertion, now: then)
        }
        #expect(cache.count == 3)
    }

    @Test("With room for 100, assertions of an hour and of a minute leave half of the room to other clients")
    func longLivedAssertions() throws {
        for lifetime in [60, 3630] as [Int64] {
            for number in 0..<100 {
                let assertion = UsedAssertion(
                    tokenID: "\(lifetime) \(number)", clientID: client, issuedAt: now,
                    expiresAt: now + .seconds(lifetime))
                _ = try cache.use(assertion, now: now)
            }
        }
        #expect(cache.count == 50)
        #expect(try use("1", of: ClientID("other"), now: now) == .first)
        // The room of what has expired is free when it is needed.
        let later = now + .seconds(130)
        let fresh = UsedAssertion(tokenID: "later", clientID: client, issuedAt: later, expiresAt: later + .seconds(60))
        #expect(try cache.use(fresh, now: later) == .first)
    }

    @Test("Uses are recorded also if an assertion may be used again, and no use of those is refused")
    func withoutSingleUse() throws {
        func use(_ isSingleUse: Bool, issuedAt: NumericDate?) throws -> AssertionUse {
            let assertion = UsedAssertion(
                tokenID: "1", clientID: client, issuedAt: issuedAt, expiresAt: now + .seconds(60),
                isSingleUse: isSingleUse)
            return try cache.use(assertion, now: now)
        }
        // One that may have been used before the start is recorded too.
        #expect(try use(false, issuedAt: nil) == .first)
        #expect(try use(true, issuedAt: now) == .repeated)
    }

    @Test("Two clients may use one jti")
    func eachClientHasItsOwn() throws {
        #expect(try use("1", of: client, now: now) == .first)
        #expect(try use("1", of: ClientID("other"), now: now) == .first)
    }

    @Test("A jti of an issuer is used once, whichever client uses it, and is none of a client's own")
    func identifiersOfIssuers() throws {
        func use(_ client: ClientID, _ maker: UsedAssertion.Maker) throws -> AssertionUse {
            try cache.use(
                UsedAssertion(
                    tokenID: "1", clientID: client, maker: maker, issuedAt: now, expiresAt: now + .seconds(60)),
                now: now)
        }
        let namesake = try ClientID("https://a.example")
        #expect(try use(client, .issuer("https://a.example")) == .first)
        #expect(try use(namesake, .issuer("https://a.example")) == .repeated)
        #expect(try use(namesake, .client) == .first)
        #expect(try use(client, .issuer("https://b.example")) == .first)
    }

    @Test("Tokens of an issuer count for the client that uses them, so that another client of the issuer has room")
    func clientsOfOneIssuer() throws {
        let cache = try ReplayCache(start: now, capacity: 4)
        func use(_ tokenID: String, of client: ClientID) throws -> AssertionUse {
            try cache.use(
                UsedAssertion(
                    tokenID: tokenID, clientID: client, maker: .issuer("https://a.example"), issuedAt: now,
                    expiresAt: now + .seconds(60)), now: now)
        }
        #expect(try ["1", "2", "3"].map { try use($0, of: client) } == [.first, .first, .full])
        #expect(try use("4", of: ClientID("other")) == .first)
    }

    @Test("A request that was overtaken drops no use")
    func overtaken() throws {
        #expect(try use("1", of: client, now: now) == .first)
        for number in 1..<4 as Range<Int64> {
            #expect(try use("late \(number)", of: client, now: now - .seconds(number)) == .first)
        }
        #expect(try use("1", of: client, now: now) == .repeated)
    }

    @Test("A client in a loop leaves half of the room to the others, and more than that is refused until uses expire")
    func aLoop() throws {
        let uses = try (0..<200).map { try use("\($0)", of: client, now: now) }
        #expect(uses.count { $0 == .first } == 50)
        #expect(uses.last == .full)
        for id in ["a", "b", "c"] { #expect(try use("1", of: ClientID(id), now: now) == .first) }
        #expect(try use("later", of: client, now: now + .seconds(400)) == .first)
    }

    /// `iat` and `exp` in seconds after the start.
    @Test(
        "RFC 7523 section 3: an assertion that may have been used before the start is refused",
        arguments: [
            (nil, 1, false), (nil, 60, false), (nil, 329, false), (nil, 330, true), (nil, 600, true),
            (-1, 60, false), (-1, 330, false), (-1, 3629, false), (-1, 3630, true), (-300, 1, false),
            (0, 1, true), (0, 329, true), (1, 61, true), (200, 260, true),
        ] as [(Int64?, Int64, Bool)])
    func aStart(issuedAt: Int64?, expiresAt: Int64, isAccepted: Bool) throws {
        let assertion = UsedAssertion(
            tokenID: "1", clientID: client, issuedAt: issuedAt.map { now + .seconds($0) },
            expiresAt: now + .seconds(expiresAt))
        #expect(try cache.use(assertion, now: now) == (isAccepted ? .first : .possiblyRepeated))
        // What was refused is not recorded, and what was accepted is.
        #expect(try cache.use(assertion, now: now + .seconds(1)) == (isAccepted ? .repeated : .possiblyRepeated))
    }

    /// Whatever was accepted at another process before the start is refused by this one for as long as it is valid.
    @Test(
        "No assertion that was accepted before the start is accepted after it",
        arguments: [-330, -31, -30, -1] as [Int64])
    func afterARestart(used: Int64) throws {
        let moment = now + .seconds(used)
        for lifetime in [1, 60, 300, 330] as [Int64] {
            for issuedAt in [moment, moment - .seconds(20), nil] {
                let assertion = UsedAssertion(
                    tokenID: "\(lifetime)", clientID: client, issuedAt: issuedAt, expiresAt: moment + .seconds(lifetime)
                )
                #expect(try cache.use(assertion, now: now) == .possiblyRepeated)
            }
        }
    }

    @Test(
        "Without iat an assertion is refused after a start for as long as it may live, with the client's own lifetime",
        arguments: [(300, nil), (3600, nil), (300, 3600), (3600, 60)] as [(Int64, Int64?)])
    func longAfterTheStart(service: Int64, own: Int64?) throws {
        let clients = try ClientRegistry([
            try Client(
                id: client, secrets: [], keys: .remote(RemoteKeysLocation(url: "https://keys.example.com")),
                assertionRules: ClientAssertionRules(longestLifetime: own.map { .seconds($0) }))
        ])
        let rules = AssertionRules(longestLifetime: .seconds(service), isSingleUse: true)
        let cache = try ReplayCache(start: now, lifetimes: AssertionLifetimes(rules, of: clients))
        let longest = (own ?? service) + 30
        for wait in [0, longest / 2, longest - 1] {
            let then = now + .seconds(wait)
            func use(_ id: String, issuedAt: NumericDate?, expiresAt: NumericDate) throws -> AssertionUse {
                try cache.use(
                    UsedAssertion(tokenID: "\(wait) \(id)", clientID: client, issuedAt: issuedAt, expiresAt: expiresAt),
                    now: then)
            }
            // It may have been used in the last second before the start.
            let last = now + .seconds(longest - 1)
            #expect(try use("1", issuedAt: nil, expiresAt: last) == .possiblyRepeated)
            #expect(try use("2", issuedAt: now - .seconds(1), expiresAt: last) == .possiblyRepeated)
            #expect(try use("3", issuedAt: nil, expiresAt: last + .seconds(1)) == .first)
            // A client that says when it made the assertion is not kept waiting.
            #expect(try use("4", issuedAt: now, expiresAt: then + .seconds(1)) == .first)
        }
    }

    @Test("An assertion by former rules, made before the start, is refused whatever the rules at the start are")
    func formerRules() throws {
        let old = UsedAssertion(
            tokenID: "1", clientID: client, issuedAt: now - .seconds(10), expiresAt: now + .seconds(3000))
        for wait in [0, 2700, 2999] as [Int64] {
            #expect(try cache.use(old, now: now + .seconds(wait)) == .possiblyRepeated)
        }
    }

    @Test("If the clock is set back by an hour, what clients make then is accepted, and what was used is not")
    func aClockThatIsSetBack() throws {
        #expect(try use("1", of: client, now: now) == .first)
        let earlier = now - .seconds(3600)
        let fresh = UsedAssertion(
            tokenID: "2", clientID: client, issuedAt: earlier, expiresAt: earlier + .seconds(60))
        #expect(try cache.use(fresh, now: earlier) == .first)
        #expect(try cache.use(fresh, now: earlier) == .repeated)
        #expect(try use("1", of: client, now: earlier) == .repeated)
        let old = UsedAssertion(
            tokenID: "3", clientID: client, issuedAt: earlier - .seconds(1), expiresAt: earlier + .seconds(60))
        #expect(try cache.use(old, now: earlier) == .possiblyRepeated)
    }

    @Test("What is recorded elsewhere is noted, whenever it was made, as long as there is room")
    func notes() throws {
        let early = UsedAssertion(
            tokenID: "1", clientID: client, issuedAt: now - .seconds(10), expiresAt: now + .seconds(60))
        #expect(try !cache.contains(early))
        for _ in 0..<2 { try cache.note(early, now: now) }
        #expect(try cache.contains(early) && cache.count == 1)
        #expect(try cache.use(early, now: now) == .repeated)
        for number in 0..<200 {
            let other = UsedAssertion(
                tokenID: "\(number)", clientID: try ClientID("other"), issuedAt: nil, expiresAt: now + .seconds(60))
            try cache.note(other, now: now)
        }
        #expect(cache.count == 51)
        // What has expired makes room.
        let later = now + .seconds(600)
        let fresh = UsedAssertion(
            tokenID: "later", clientID: try ClientID("other"), issuedAt: later, expiresAt: later + .seconds(60))
        try cache.note(fresh, now: later)
        #expect(try cache.contains(fresh) && !cache.contains(early))
    }
}
