import AccessToken
import Testing

@testable import LiveState

/// The files are a number that changes when they do.
@Suite struct ReloadPolicyTests {
    private let now = NumericDate(1_795_000_000)
    private var policy: ReloadPolicy<Int>

    init() { policy = ReloadPolicy(reading: 1, now: now) }

    private mutating func look(
        at files: Int, after seconds: Int64 = 0, nextChange: Int64? = nil
    ) -> ReloadPolicy<Int>.Decision {
        policy.look(at: files, nextChange: nextChange.map { now + .seconds($0) }, now: now + .seconds(seconds))
    }

    @Test("Files that do not change are not read again")
    mutating func nothingToDo() {
        #expect(look(at: 1) == .nothing)
        #expect(look(at: 1, after: 100_000, nextChange: 100_001) == .nothing)
    }

    @Test("A change is read when two looks have seen the same")
    mutating func aChangeMustSettle() {
        #expect(look(at: 2) == .nothing)
        #expect(look(at: 3) == .nothing)
        #expect(look(at: 3) == .reload(.filesChanged))
        policy.begin(reading: 3, now: now)
        policy.conclude(isRefused: false, isTLSRefused: false)
        #expect(look(at: 3) == .nothing)
    }

    @Test("A change that is taken back before it settles is not read")
    mutating func aChangeCanBeTakenBack() {
        #expect(look(at: 2) == .nothing)
        #expect(look(at: 1) == .nothing)
        #expect(look(at: 1) == .nothing)
    }

    @Test("While files change, nothing else is done")
    mutating func changesComeFirst() {
        #expect(look(at: 2, after: -5, nextChange: -10) == .nothing)
    }

    @Test("A clock that is set back makes everything be read again")
    mutating func theClockIsSetBack() {
        #expect(look(at: 1, after: -1) == .reload(.clockSetBack))
    }

    @Test("When the time of a key has come, everything is read again")
    mutating func aKeyIsDue() {
        #expect(look(at: 1, after: 9, nextChange: 10) == .nothing)
        #expect(look(at: 1, after: 10, nextChange: 10) == .reload(.keyDue))
    }

    @Test("What did not check is read again after ten seconds, and a key that is due waits for that")
    mutating func whatIsRefusedIsRetried() {
        policy.conclude(isRefused: true, isTLSRefused: true)
        #expect(look(at: 1, after: 9, nextChange: 5) == .nothing)
        #expect(look(at: 1, after: 10) == .reload(.anotherTry))
    }

    @Test("Files of TLS that did not check are read again alone, after ten seconds")
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
