import AccessToken
import NIOHTTP1
import TestSupport
import Testing

@testable import TokenSource

/// The pure parts: when a token is replaced, when a request is repeated, what `Retry-After` says.
@Suite struct TokenTimingTests {
    private let start = ContinuousClock.now

    @Test(
        "A token is used, then replaced in the background, then waited for, then no longer used",
        arguments: [
            (1000, 0.0, 700, 990), (1000, 1.0, 850, 990), (50, 0.0, 35, 45), (10, 0.0, 7, 9),
            (86400, 1.0, 73440, 86390),
        ])
    func lifetime(seconds: Int, jitter: Double, refresh: Int, replace: Int) {
        let lifetime = TokenLifetime(.seconds(seconds), from: start, jitter: jitter)
        func advice(_ seconds: Int) -> TokenLifetime.Advice {
            lifetime.advice(now: start.advanced(by: .seconds(seconds)))
        }
        #expect(advice(0) == .use)
        #expect(advice(refresh - 1) == .use)
        #expect(advice(refresh + 1) == .useAndRefresh)
        #expect(advice(replace) == .replace)
        #expect(advice(seconds) == .fetch)
    }

    private func pauses(after error: TokenSourceError, count: Int, jitter: Double) -> [Int64] {
        var pause = RetryPause()
        var now = start
        return (0..<count).map { _ -> Int64 in
            pause.fail(error, startedAt: now, now: now, jitter: jitter)
            var milliseconds: Int64 = 0
            while !pause.permits(now: now.advanced(by: .milliseconds(milliseconds))) { milliseconds += 500 }
            now = now.advanced(by: .milliseconds(milliseconds))
            return milliseconds
        }
    }

    @Test("The pause after a failure doubles up to a limit, and half of it is chance")
    func backOff() {
        let temporary = TokenSourceError(.unreachable)
        #expect(pauses(after: temporary, count: 8, jitter: 1) == [1, 2, 4, 8, 16, 32, 60, 60].map { $0 * 1000 })
        #expect(pauses(after: temporary, count: 3, jitter: 0) == [500, 1000, 2000])
        let lasting = TokenSourceError(.unusableTokenType)
        #expect(pauses(after: lasting, count: 6, jitter: 1) == [30, 60, 120, 240, 300, 300].map { $0 * 1000 })
    }

    @Test("Retry-After counts if it is longer than the pause, with up to a tenth more")
    func retryAfterCounts() {
        let error = TokenSourceError(.unexpectedStatus(503), retryAfter: .seconds(20))
        #expect(pauses(after: error, count: 1, jitter: 0) == [20_000])
        #expect((21_500...22_500).contains(pauses(after: error, count: 1, jitter: 1)[0]))
        let short = TokenSourceError(.unexpectedStatus(503), retryAfter: .zero)
        #expect(pauses(after: short, count: 2, jitter: 1) == [1000, 2000])
    }

    @Test("Requests that failed together count as one failure, and a success ends the pause")
    func countsOnce() {
        var pause = RetryPause()
        let end = start.advanced(by: .milliseconds(10))
        for _ in 0..<20 { pause.fail(TokenSourceError(.unreachable), startedAt: start, now: end, jitter: 1) }
        #expect(!pause.permits(now: end.advanced(by: .milliseconds(999))))
        #expect(pause.permits(now: end.advanced(by: .seconds(1))))
        pause.succeed(startedAt: end)
        #expect(pause.permits(now: end) && pause.failure == nil)
    }

    @Test("A success that was under way before the failure does not end the pause")
    func earlierSuccess() {
        var pause = RetryPause()
        let error = TokenSourceError(.unexpectedStatus(503), retryAfter: .seconds(120))
        pause.fail(error, startedAt: start, now: start.advanced(by: .seconds(1)), jitter: 0)
        pause.succeed(startedAt: start)
        #expect(!pause.permits(now: start.advanced(by: .seconds(100))))
    }

    @Test("After a pause of all requests one tries whether the issuer answers again")
    func oneTriesForAll() {
        var pause = RetryPause()
        #expect(pause.failureUnlessProbing(now: start) == nil)
        #expect(pause.failureUnlessProbing(now: start) == nil)
        let error = TokenSourceError(.unreachable)
        pause.fail(error, startedAt: start, now: start, jitter: 1)
        let later = start.advanced(by: .seconds(1))
        #expect(pause.failureUnlessProbing(now: start) == error)
        #expect(pause.failureUnlessProbing(now: later) == nil)
        #expect(pause.failureUnlessProbing(now: later) == error)
        pause.endProbe()
        #expect(pause.failureUnlessProbing(now: later) == nil)
        pause.succeed(startedAt: later)
        for _ in 0..<3 { #expect(pause.failureUnlessProbing(now: later) == nil) }
    }

    @Test("RFC 9110 section 10.2.3: a date in Retry-After is one of the issuer's clock, which Date shows")
    func retryAfterByTheIssuersClock() {
        // An hour ahead of the clock here.
        let date = "Sun, 06 Nov 1994 09:48:37 GMT"
        #expect(retryAfter("Sun, 06 Nov 1994 09:49:07 GMT", date: date) == .seconds(30))
        #expect(retryAfter("Sun, 06 Nov 1994 08:49:37 GMT", date: "soon") == .seconds(60))
    }

    private func retryAfter(_ field: String?, date: String? = nil) -> Duration? {
        var headers = HTTPHeaders()
        if let date { headers.add(name: "Date", value: date) }
        if let field { headers.add(name: "Retry-After", value: field) }
        // 1994-11-06T08:48:37Z
        return RetryAfter.read(headers, now: NumericDate(784_111_717))
    }

    @Test(
        "RFC 9110 sections 5.6.7 and 10.2.3: Retry-After is a number of seconds or a date in one of three forms",
        arguments: [
            ("0", 0), (" 120 ", 120), ("3601", 3600), ("99999999999999999999", 3600),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 60), ("Sunday, 06-Nov-94 08:49:37 GMT", 60),
            ("Sun Nov  6 08:49:37 1994", 60),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("Mon, 06 Nov 2034 08:49:37 GMT", 3600),
            // A year of two digits that seems to be more than 50 years away is in the past.
            ("Sunday, 06-Nov-45 08:49:37 GMT", 0), ("Sunday, 06-Nov-44 08:49:37 GMT", 3600),
        ])
    func retryAfterForms(field: String, seconds: Int) {
        #expect(retryAfter(field) == .seconds(seconds))
    }

    @Test(
        "RFC 9110 section 10.2.3: what is neither is ignored",
        arguments: [
            nil, "", "-1", "1.5", "soon", "1 2", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 006 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "１２０", "1994-11-06T08:49:37Z",
        ] as [String?])
    func retryAfterNonsense(field: String?) {
        #expect(retryAfter(field) == nil)
    }

    @Test("A mark of Unicode beside a separator or in place of it makes no date")
    func retryAfterMarks() {
        for mark in UnicodeMarks.all {
            for separator in [" ", ":"] as [Unicode.Scalar] {
                for text in UnicodeMarks.variants(of: "Sun, 06 Nov 1994 08:49:37 GMT", at: separator, with: mark) {
                    // The name of the day is not read.
                    guard text.utf8.starts(with: "Sun, ".utf8) else { continue }
                    #expect(retryAfter(text) == nil)
                }
            }
        }
    }
}
