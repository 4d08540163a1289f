import Testing

@testable import Admission

@Suite struct RequestRateTests {
    private static let second: Int64 = 1_000_000_000

    /// How long a request has to wait; `nil` if it is admitted.
    private func wait(_ rate: RequestRate, _ state: inout Int64, now: Int64) -> Int64? {
        switch rate.decide(fullAgain: state, now: now) {
        case .admitted(let next):
            state = next
            return nil
        case .refused(let wait, let next):
            state = next
            return wait
        }
    }

    /// How many requests are admitted of those that come at these moments.
    private func admitted(_ perMinute: Int, at moments: some Sequence<Int64>) -> Int {
        let rate = RequestRate(perMinute: perMinute)
        var state: Int64 = 0
        return moments.count { wait(rate, &state, now: $0) == nil }
    }

    @Test(
        "A full bucket holds what ten seconds give, and one request at least",
        arguments: [(1, 1), (2, 1), (6, 1), (7, 1), (12, 2), (60, 10), (600, 100), (6000, 1000)])
    func reserve(perMinute: Int, count: Int) {
        #expect((count...(count + 1)).contains(admitted(perMinute, at: repeatElement(0, count: count + 10))))
        #expect(admitted(perMinute, at: repeatElement(Int64(5), count: count)) == count)
    }

    @Test(
        "Over a long time a client gets what the limit says, beyond the reserve",
        arguments: [1, 7, 60, 61, 600])
    func longTerm(perMinute: Int) {
        // Ten minutes of a request each 50 milliseconds.
        let moments = (0..<12_000).lazy.map { Int64($0) * 50_000_000 }
        let count = admitted(perMinute, at: moments)
        let most = 10 * perMinute + max(1, perMinute / 6) + 1
        #expect((10 * perMinute...most).contains(count))
    }

    @Test("The bucket fills evenly, and the wait is exact", arguments: [1, 6, 60, 600, 999])
    func evenly(perMinute: Int) throws {
        let rate = RequestRate(perMinute: perMinute)
        let interval = 60 * Self.second / Int64(perMinute)
        var state: Int64 = 0
        while wait(rate, &state, now: 0) == nil {}
        let first = try #require(wait(rate, &state, now: 0))
        #expect(first > 0 && first <= interval)
        #expect(wait(rate, &state, now: first - 1) == 1)
        #expect(wait(rate, &state, now: first) == nil)
        // One only, and the next one interval later.
        #expect(wait(rate, &state, now: first) == interval)
    }

    @Test("A limit that was raised counts at once, and one that was lowered does not lock the client out")
    func changedLimits() throws {
        let (slow, fast) = (RequestRate(perMinute: 1), RequestRate(perMinute: 6000))
        var state: Int64 = 0
        #expect(wait(slow, &state, now: 0) == nil)
        // By the former limit the bucket is full again in a minute.
        #expect(wait(fast, &state, now: 0) == Self.second / 100)
        for number in 1...100 { #expect(wait(fast, &state, now: Int64(number) * Self.second / 100) == nil) }
        state = 0
        while wait(fast, &state, now: 0) == nil {}
        #expect(try #require(wait(slow, &state, now: 0)) <= 10 * Self.second)
    }

    @Test(
        "No limit and no moment traps", arguments: [Int.min, -1, 0, 1, 1_000_000, Int.max],
        [0, 1, Int64.max / 4] as [Int64])
    func extremes(perMinute: Int, now: Int64) {
        let rate = RequestRate(perMinute: perMinute)
        for state in [Int64.min, -1, 0, now, .max / 4, .max] { _ = rate.decide(fullAgain: state, now: now) }
    }
}
