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
        cache = try ReplayCache(capacity: 100)
        client = try ClientID("job")
    }

    @Test("An assertion is repeated for as long as it can be accepted, also when a generation ends meanwhile")
    func repeatedUntilItExpires() throws {
        #expect(try cache.use("1", of: client, now: now) == .first)
        // The generation that began with the first use ends in between.
        let late = now + .seconds(329)
        #expect(try cache.use("2", of: client, now: late) == .first)
        for wait in [0, 1, 10, 299, 329] as [Int64] {
            #expect(try cache.use("2", of: client, now: late + .seconds(wait)) == .repeated)
        }
    }

    @Test("Two clients may use one jti")
    func eachClientHasItsOwn() throws {
        #expect(try cache.use("1", of: client, now: now) == .first)
        #expect(try cache.use("1", of: ClientID("other"), now: now) == .first)
    }

    @Test("A request that was overtaken drops no use")
    func overtaken() throws {
        #expect(try cache.use("1", of: client, now: now) == .first)
        for number in 1..<4 as Range<Int64> {
            #expect(try cache.use("late \(number)", of: client, now: now - .seconds(number)) == .first)
        }
        #expect(try cache.use("1", of: client, now: now) == .repeated)
    }

    @Test("A client in a loop leaves half of the room to the others, and more than that is refused until uses expire")
    func aLoop() throws {
        let uses = try (0..<200).map { try cache.use("\($0)", of: client, now: now) }
        #expect(uses.count { $0 == .first } == 50)
        #expect(uses.last == .full)
        for id in ["a", "b", "c"] { #expect(try cache.use("1", of: ClientID(id), now: now) == .first) }
        #expect(try cache.use("later", of: client, now: now + .seconds(400)) == .first)
    }
}
