import AccessToken
import Testing

@testable import LiveState

@Suite struct RetainedLifetimeTests {
    private let now = NumericDate(1_795_000_000)
    private var lifetime = RetainedLifetime()

    private mutating func look(_ seconds: Int64, at time: Int64) -> Duration {
        lifetime.look(.seconds(seconds), now: now + .seconds(time))
    }

    @Test("A longer lifetime counts at once")
    mutating func longerCountsAtOnce() {
        #expect(look(900, at: 0) == .seconds(900))
        #expect(look(3600, at: 1) == .seconds(3600))
    }

    @Test("A shorter lifetime counts when the last token with the longer one has expired")
    mutating func shorterCountsLater() {
        _ = look(3600, at: 0)
        #expect(look(900, at: 100) == .seconds(3600))
        #expect(look(900, at: 3699) == .seconds(3600))
        #expect(look(900, at: 3700) == .seconds(900))
    }

    @Test("A lifetime that is shortened twice is retained for the tokens of both earlier ones")
    mutating func shortenedTwice() {
        _ = look(3600, at: 0)
        _ = look(2700, at: 100)
        _ = look(900, at: 3600)
        #expect(look(900, at: 6299) == .seconds(3600))
        #expect(look(900, at: 6300) == .seconds(900))
    }

    @Test("A clock that was ahead when the lifetime was shortened retains it no longer than its tokens live")
    mutating func theClockWasAhead() {
        _ = look(3600, at: 0)
        _ = look(900, at: 100_000)
        #expect(look(900, at: 0) == .seconds(3600))
        #expect(look(900, at: 3600) == .seconds(900))
    }
}
