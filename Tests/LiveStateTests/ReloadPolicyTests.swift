import AccessToken
import Testing

@testable import LiveState

/// A number stands for the files; it changes when they do.
@Suite struct ReloadPolicyTests {
    private let now = NumericDate(1_795_000_000)
    private var policy: ReloadPolicy<Int>

    init() { policy = ReloadPolicy(reading: 1, now: now) }

    private mutating func look(at files: Int, after seconds: Int64 = 0) -> ReloadPolicy<Int>.Decision {
        policy.look(at: files, now: now + .seconds(seconds))
    }

    @Test("Unchanged files are not loaded again")
    mutating func nothingToDo() {
        #expect(look(at: 1) == .nothing)
        #expect(look(at: 1, after: 100_000) == .nothing)
    }

    @Test("A change is loaded when two consecutive checks have seen the same files")
    mutating func aChangeMustSettle() {
        #expect(look(at: 2) == .nothing)
        #expect(look(at: 3) == .nothing)
        #expect(look(at: 3) == .load(.filesChanged))
        policy.conclude(3, isRefused: false, now: now)
        #expect(look(at: 3) == .nothing)
    }

    @Test("A change that is reverted before the second check is not loaded")
    mutating func aChangeCanBeTakenBack() {
        #expect(look(at: 2) == .nothing)
        #expect(look(at: 1) == .nothing)
        #expect(look(at: 1) == .nothing)
    }

    @Test("Files that never stand still are loaded at the third check if they check, and again at each third one")
    mutating func whatNeverStandsStillIsLoaded() {
        for round in 0..<3 {
            #expect(look(at: 10 * round + 2) == .nothing)
            #expect(look(at: 10 * round + 3) == .nothing)
            #expect(look(at: 10 * round + 4) == .attempt)
            policy.conclude(10 * round + 4, isRefused: false, now: now)
        }
    }

    @Test("Half-written files are tried at each check, and reported when they have changed for ten seconds")
    mutating func whatIsHalfWrittenIsTriedAgain() {
        for second in 0..<2 as Range<Int64> { #expect(look(at: 2 + Int(second), after: second) == .nothing) }
        for second in 2..<10 as Range<Int64> { #expect(look(at: 2 + Int(second), after: second) == .attempt) }
        #expect(look(at: 20, after: 10) == .load(.filesChanged))
        policy.conclude(20, isRefused: true, now: now + .seconds(10))
        #expect(look(at: 21, after: 11) == .nothing)
    }

    @Test("Half-written files that come to rest are loaded and reported at once")
    mutating func whatComesToRestIsLoaded() {
        for files in 2..<6 { _ = look(at: files) }
        #expect(look(at: 5) == .load(.filesChanged))
    }

    @Test("A load that is put off is made at the next check, if the files are the same or if they check")
    mutating func aLoadCanBePutOff() {
        _ = look(at: 2)
        #expect(look(at: 2) == .load(.filesChanged))
        policy.postpone(now: now)
        #expect(look(at: 2) == .load(.filesChanged))
        policy.postpone(now: now)
        #expect(look(at: 3) == .attempt)
    }

    @Test("Invalid files are retried after ten seconds, and not earlier")
    mutating func whatIsRefusedIsRetried() {
        policy.conclude(1, isRefused: true, now: now)
        #expect(look(at: 1, after: 9) == .nothing)
        #expect(look(at: 1, after: 10) == .load(.anotherTry))
        policy.conclude(1, isRefused: true, now: now + .seconds(10))
        #expect(look(at: 1, after: 19) == .nothing)
        #expect(look(at: 1, after: 20) == .load(.anotherTry))
        policy.conclude(1, isRefused: false, now: now + .seconds(20))
        #expect(look(at: 1, after: 40) == .nothing)
    }

    @Test("A clock that was set back does not put a retry off")
    mutating func theClockIsSetBack() {
        policy.conclude(1, isRefused: true, now: now)
        #expect(look(at: 1, after: -3600) == .load(.anotherTry))
    }

    @Test("Files that were invalid at the start are retried")
    mutating func whatWasRefusedAtTheStartIsRetried() {
        policy = ReloadPolicy(reading: 1, isRefused: true, now: now)
        #expect(look(at: 1, after: 10) == .load(.anotherTry))
    }
}

@Suite struct SchedulePolicyTests {
    private let now = NumericDate(1_795_000_000)
    private var policy: SchedulePolicy

    init() { policy = SchedulePolicy(computedAt: now) }

    private func look(after seconds: Int64, nextChange: Int64? = nil) -> SchedulePolicy.Reason? {
        policy.look(nextChange: nextChange.map { now + .seconds($0) }, now: now + .seconds(seconds))
    }

    @Test("The states of the keys are computed again when a key is due, and not before")
    func aKeyIsDue() {
        #expect(look(after: 100_000) == nil)
        #expect(look(after: 9, nextChange: 10) == nil)
        #expect(look(after: 10, nextChange: 10) == .keyDue)
    }

    @Test("The states of the keys are computed again after the clock was set back")
    func theClockIsSetBack() {
        #expect(look(after: -1) == .clockSetBack)
    }

    @Test("If no key could sign, that is tried again after ten seconds, even if a key is due")
    mutating func whatIsRefusedIsRetried() {
        policy.conclude(isRefused: true, now: now)
        #expect(look(after: 9, nextChange: 5) == nil)
        #expect(look(after: 10, nextChange: 5) == .anotherTry)
    }
}
