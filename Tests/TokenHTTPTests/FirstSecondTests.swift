import AccessToken
import Synchronization
import Testing

@testable import TokenHTTP

@Suite("The first second in which assertions are accepted")
struct FirstSecondTests {
    private static let started = NumericDate(1_795_000_000)

    @Test("It is the second after the one in which the process was started")
    func waits() async throws {
        let clock = Mutex(Self.started)
        let reads = Mutex(0)
        let first = try await FirstSecond(started: Self.started).begin(isExact: true) {
            let count = reads.withLock {
                $0 += 1; return $0
            }
            if count == 3 { clock.withLock { $0 = Self.started + .seconds(1) } }
            return clock.withLock { $0 }
        }
        #expect(first == Self.started + .seconds(1))
        #expect(reads.withLock { $0 } >= 3)
    }

    @Test("A later second is not waited for, nor is any second without clients that use assertions")
    func doesNotWait() async throws {
        let later = Self.started + .seconds(7)
        let reads = Mutex(0)
        for (isExact, now) in [(true, later), (false, Self.started)] {
            let first = try await FirstSecond(started: Self.started).begin(isExact: isExact) {
                reads.withLock { $0 += 1 }
                return now
            }
            #expect(first == now)
        }
        #expect(reads.withLock { $0 } <= 3)
    }

    @Test("A clock that stands still or is set back delays the start by a second or so")
    func ends() async throws {
        let back = Self.started - .seconds(3600)
        let first = try await FirstSecond(started: Self.started).begin(isExact: true) { back }
        #expect(first == back)
    }
}
