import AccessToken
import OAuth
import Testing

@Suite struct RotationPlanTests {
    private let plan: RotationPlan

    init() throws { plan = try RotationPlan(every: .seconds(90 * 86400), announce: .seconds(86400)) }

    @Test(
        "The next key signs one period after the newest one, or later if caches need the time",
        arguments: [
            (0, nil), (89 * 86400 - 1, nil), (89 * 86400, 90 * 86400), (90 * 86400 - 360, 90 * 86400),
            // Too late for caches to expire: the next whole minute that leaves enough time.
            (90 * 86400 - 359, 90 * 86400 + 60), (200 * 86400, 200 * 86400 + 360), (200 * 86400 + 1, 200 * 86400 + 420),
        ] as [(Int64, Int64?)])
    func nextStart(now: Int64, start: Int64?) {
        #expect(plan.nextStart(after: NumericDate(0), now: NumericDate(now))?.seconds == start)
    }

    @Test("A key that is too far in the future for the plan stalls the rotation")
    func aKeyOfAClockThatWasAheadIsKnown() {
        let now = NumericDate(0)
        #expect(!plan.isStalled(by: now + plan.every, now: now))
        #expect(plan.isStalled(by: now + plan.every + .seconds(1), now: now))
    }

    @Test("An announcement that is too short, or that leaves no time to sign, is refused")
    func refusesWhatBreaksTokens() {
        #expect(throws: InvalidValue.self) { try RotationPlan(every: .seconds(86400), announce: .seconds(359)) }
        #expect(throws: InvalidValue.self) { try RotationPlan(every: .seconds(3600), announce: .seconds(3600)) }
        #expect(throws: Never.self) { try RotationPlan(every: .seconds(3600), announce: .seconds(360)) }
    }
}
