import AccessToken
import Synchronization
import Testing

@testable import TokenHTTP

@Suite("The first second in which assertions are accepted")
struct FirstSecondTests {
    private static let started = NumericDate(1_795_000_000)

    @Test("It is the second after the one in which the process was started, if there are clients that use assertions")
    func isTheNext() {
        #expect(FirstSecond(started: Self.started, hasAssertions: true).second == Self.started + .seconds(1))
        #expect(FirstSecond(started: Self.started, hasAssertions: false).second == Self.started)
    }

    @Test("It is waited for by the clock")
    func waits() async {
        let reads = Mutex(0)
        let first = FirstSecond(started: Self.started, hasAssertions: true)
        #expect(first.isAhead(now: Self.started))
        await first.wait {
            let count = reads.withLock { reads in
                reads += 1
                return reads
            }
            return count < 3 ? Self.started : first.second
        }
        #expect(reads.withLock { $0 } == 3)
    }

    @Test("A second that has come is not waited for", arguments: [(true, 1), (true, 7), (false, 0)] as [(Bool, Int64)])
    func doesNotWait(hasAssertions: Bool, later: Int64) async {
        let first = FirstSecond(started: Self.started, hasAssertions: hasAssertions)
        #expect(!first.isAhead(now: Self.started + .seconds(later)))
        let reads = Mutex(0)
        await first.wait {
            reads.withLock { $0 += 1 }
            return Self.started + .seconds(later)
        }
        #expect(reads.withLock { $0 } == 1)
    }

    @Test("A clock that stands still or is set back delays readiness by a second or so")
    func ends() async {
        await FirstSecond(started: Self.started, hasAssertions: true).wait { Self.started - .seconds(3600) }
    }

    @Test("A service that was asked to stop does not become ready")
    func doesNotBeginAgain() {
        let readiness = Readiness()
        #expect(!readiness.isReady)
        readiness.begin()
        #expect(readiness.isReady)
        readiness.end()
        readiness.begin()
        #expect(!readiness.isReady)
    }
}
