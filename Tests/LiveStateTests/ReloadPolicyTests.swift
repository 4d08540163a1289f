import AccessToken
import Testing

@testable import LiveState

/// A number stands for the files; it changes when they do.
@Suite struct ReloadPolicyTests {
    private let now = NumericDate(1_795_000_000)
    private var policy: ReloadPolicy<Int>

    init() { policy = ReloadPolicy(reading: 1, now: now) }

    private mutating func look(
        at files: Int, after seconds: Int64 = 0, nextChange: Int64? = nil
    ) -> ReloadPolicy<Int>.Decision {
        policy.look(at: files, nextChange: nextChange.map { now + .seconds($0) }, now: now + .seconds(seconds))
    }

    @Test("Unchanged files are not reloaded")
    mutating func nothingToDo() {
        #expect(look(at: 1) == .nothing)
        #expect(look(at: 1, after: 100_000, nextChange: 100_001) == .nothing)
    }

    @Test("A change is loaded when two consecutive checks have seen the same files")
    mutating func aChangeMustSettle() {
        #expect(look(at: 2) == .nothing)
        #expect(look(at: 3) == .nothing)
        #expect(look(at: 3) == .reload(.filesChanged))
        policy.begin(reading: 3, now: now)
        policy.conclude(isRefused: false, isTLSRefused: false)
        #expect(look(at: 3) == .nothing)
    }

    @Test("A change that is reverted before the second check is not loaded")
    mutating func aChangeCanBeTakenBack() {
        #expect(look(at: 2) == .nothing)
        #expect(look(at: 1) == .nothing)
        #expect(look(at: 1) == .nothing)
    }

    @Test("While files are changing, nothing is reloaded")
    mutating func changesComeFirst() {
        #expect(look(at: 2, after: -5, nextChange: -10) == .nothing)
    }

    @Test("If the clock was set back, everything is reloaded")
    mutating func theClockIsSetBack() {
        #expect(look(at: 1, after: -1) == .reload(.clockSetBack))
    }

    @Test("When a key is due, everything is reloaded")
    mutating func aKeyIsDue() {
        #expect(look(at: 1, after: 9, nextChange: 10) == .nothing)
        #expect(look(at: 1, after: 10, nextChange: 10) == .reload(.keyDue))
    }

    @Test("Invalid files are retried after ten seconds, and not earlier even if a key is due")
    mutating func whatIsRefusedIsRetried() {
        policy.conclude(isRefused: true, isTLSRefused: true)
        #expect(look(at: 1, after: 9, nextChange: 5) == .nothing)
        #expect(look(at: 1, after: 10) == .reload(.anotherTry))
    }

    @Test("Invalid TLS files are retried alone, after ten seconds")
    mutating func tlsIsRetried() {
        policy.conclude(isRefused: false, isTLSRefused: true)
        #expect(look(at: 1, after: 9) == .nothing)
        #expect(look(at: 1, after: 10, nextChange: 10) == .reload(.keyDue))
        #expect(look(at: 1, after: 10) == .retryTLS)
        policy.retryTLS(isRefused: true, now: now + .seconds(10))
        #expect(look(at: 1, after: 19) == .nothing)
        #expect(look(at: 1, after: 20) == .retryTLS)
        policy.retryTLS(isRefused: false, now: now + .seconds(20))
        #expect(look(at: 1, after: 40) == .nothing)
    }
}
