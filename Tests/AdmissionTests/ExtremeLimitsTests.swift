import AccessToken
import OAuth
import Testing
import WireText

@testable import Admission

/// Limits that come from code.
@Suite struct ExtremeLimitsTests {
    private static let numbers: [Int?] = [nil, .min, -1, 0, 1, 1_000_000, .max]
    private static let windows: [Duration] = [
        .zero, .seconds(-1), .seconds(60), .seconds(Int64.max), .zero - .seconds(Int64.max), .nanoseconds(1),
        .seconds(Int64.max) + .seconds(Int64.max),
    ]

    @Test("Limits out of range count as the nearest ones, and none of them traps", arguments: numbers, windows)
    func extremeLimits(count: Int?, window: Duration) throws {
        let limits = FailureLimits(failures: count, addressFailures: count, clientFailures: count, window: window)
        #expect(limits.failures.map(FailureLimits.range.contains) ?? true)
        #expect(FailureLimits.windows.contains(limits.window))
        var throttle = AuthenticationThrottle(limits, capacity: count ?? 0)
        var attempts = AttemptLimiter(limits, room: count)
        let client = try ClientID("a")
        let address = try #require(IPAddress("192.0.2.1")).block
        for now in [NumericDate(0), NumericDate(1), NumericDate(1_795_426_200)] {
            for _ in 0..<3 {
                _ = throttle.refusal(.wrongPassword, of: [client], from: address, now: now)
                let wait = throttle.waitForPasswordCheck(of: [client], from: address, now: now)
                #expect(wait.map { (1...864_000).contains($0) } ?? true)
                if attempts.begin(client, from: address) { attempts.end(client, from: address) }
            }
        }
    }

    @Test("A bucket of any window has a time to wait")
    func anyWindow() {
        for window in Self.windows {
            var buckets = LeakyBuckets<Int>(capacity: -1, window: window)
            buckets.add(to: 1, limit: 0, now: NumericDate(0))
            #expect(buckets.wait(for: 1, limit: 0, now: NumericDate(0)).map { $0 > 0 } ?? true)
        }
    }
}
