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

    @Test("An assertion is repeated for as long as it can be accepted, also when a generation ends meanwhile")
    func repeatedUntilItExpires() throws {
        #expect(try use("1", of: client, now: now) == .first)
        // The generation that began with the first use ends in between.
        let late = now + .seconds(329)
        #expect(try use("2", of: client, now: late) == .first)
        for wait in [0, 1, 10, 299, 329] as [Int64] {
            #expect(try use("2", of: client, now: late + .seconds(wait)) == .repeated)
        }
    }

    @Test("Two clients may use one jti")
    func eachClientHasItsOwn() throws {
        #expect(try use("1", of: client, now: now) == .first)
        #expect(try use("1", of: ClientID("other"), now: now) == .first)
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
            (-1, 60, false), (-1, 329, false), (-1, 330, true), (-300, 1, false), (-300, 330, true),
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

    @Test("Five and a half minutes after the start every assertion that can be accepted is accepted")
    func longAfterTheStart() throws {
        let later = now + .seconds(330)
        for (id, issuedAt) in [("1", nil), ("2", now - .seconds(1))] as [(String, NumericDate?)] {
            let assertion = UsedAssertion(
                tokenID: id, clientID: client, issuedAt: issuedAt, expiresAt: later + .seconds(1))
            #expect(try cache.use(assertion, now: later) == .first)
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
}
