import AccessToken
import Testing

@testable import OAuth

/// Durations that come from code.
@Suite struct ExtremeDurationsTests {
    private static let durations: [Duration] = [
        .zero, .seconds(-1), .zero - .seconds(Int64.max), .seconds(Int64.max),
        .seconds(Int64.max) + .seconds(Int64.max),
    ]

    @Test("A policy takes durations of any length, and holds those that tokens can have", arguments: durations)
    func policies(duration: Duration) throws {
        let policy = try IssuancePolicy(
            issuer: Issuer("https://a.example"), accessTokenLifetime: duration, accessTokenReuse: duration,
            refreshTokenLifetime: duration)
        let lifetimes: ClosedRange<Duration> = .seconds(1) ... .seconds(3652 * 86400)
        #expect(lifetimes.contains(policy.accessTokenLifetime) && lifetimes.contains(policy.refreshTokenLifetime))
        #expect((.zero...IssuancePolicy.longestReuse).contains(policy.accessTokenReuse))
    }

    @Test("A date with a duration of any length saturates", arguments: durations)
    func dates(duration: Duration) {
        for date in [NumericDate(.min), NumericDate(0), NumericDate(.max)] {
            _ = date + duration
            _ = date - duration
        }
        #expect(NumericDate(0) + (.seconds(Int64.max) + .seconds(1)) == NumericDate(.max))
        let timing = KeyTiming(keySetMaximumAge: duration, leeway: duration)
        let keys = ["a.pem", "20300101T000000Z.pem"].compactMap { try? KeyFileName($0) }.map { KeyStart($0) }
        let retention = timing.retention(longestLifetime: duration)
        #expect(KeySchedule(keys, now: NumericDate(0), retention: retention).entries.count == 2)
        let plan = try? RotationPlan(every: duration, announce: duration / 2, timing: timing)
        _ = plan?.nextStart(after: NumericDate(0), now: NumericDate(0))
    }

    @Test(
        "The time in the name of a key is from 1970 to 9999",
        arguments: [(Int64.min, "19700101T000000Z"), (.max, "99991231T235959Z"), (-1, "19700101T000000Z")])
    func times(seconds: Int64, text: String) {
        #expect(BasicTime(NumericDate(seconds)).description == text)
        #expect(BasicTime(text) != nil)
    }
}
