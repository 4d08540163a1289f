import Testing

@testable import RemoteKeys

/// When a document is used, fetched and discarded. No clock runs here.
@Suite struct DocumentFreshnessTests {
    private let start = ContinuousClock.now

    private func freshness(jitter: Double = 0, _ caching: DocumentCaching = .standard) -> DocumentFreshness {
        var freshness = DocumentFreshness(caching)
        let mayFetch = freshness.begin(now: start, jitter: jitter)
        #expect(mayFetch)
        _ = freshness.receive(maximumAge: .seconds(100), now: start)
        return freshness
    }

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    @Test("RFC 9111 section 4.2: a document is refreshed before it expires, and callers wait after that")
    func refreshesAheadOfExpiry() {
        for (jitter, ahead) in [(0.0, 75.0), (1, 90)] {
            let freshness = freshness(jitter: jitter)
            #expect(freshness.advice(now: start) == .use)
            #expect(freshness.advice(now: at(ahead - 0.1)) == .use)
            #expect(freshness.advice(now: at(ahead + 0.1)) == .useAndRefresh)
            #expect(freshness.advice(now: at(99.9)) == .useAndRefresh)
            #expect(freshness.advice(now: at(100)) == .fetch)
        }
    }

    @Test("Callers do not wait for a server that has failed until the document is too stale")
    func servesStaleAfterAFailure() {
        var freshness = freshness(DocumentCaching(maximumStaleness: .seconds(50)))
        #expect(freshness.advice(now: at(120)) == .fetch)
        let mayFetch = freshness.begin(now: at(120), jitter: 0)
        #expect(mayFetch)
        freshness.fail(DocumentFetchError(.status(500)))
        #expect(freshness.advice(now: at(149.9)) == .useAndRefresh)
        #expect(!freshness.isStale(now: at(149.9)))
        #expect(freshness.advice(now: at(150)) == .fetch)
        #expect(freshness.isStale(now: at(150)))
        // Without a document that can be used, the cool-down is a second.
        let mayFetchAgain = [at(150), at(150.5), at(151)].map { freshness.begin(now: $0, jitter: 0) }
        #expect(mayFetchAgain == [true, false, true])
        _ = freshness.receive(maximumAge: .seconds(100), now: at(151))
        #expect(freshness.advice(now: at(152)) == .use)
    }

    @Test("A failure longer ago than two cool-downs does not count")
    func ignoresAnEarlierFailure() {
        var freshness = freshness()
        _ = freshness.begin(isReload: true, now: at(50), jitter: 0)
        freshness.fail(DocumentFetchError(.status(500)))
        #expect(freshness.advice(now: at(105)) == .useAndRefresh)
        #expect(freshness.advice(now: at(110)) == .fetch)
    }

    @Test("Only one fetch begins in a cool-down")
    func fetchesOnceInACoolDown() {
        for (jitter, coolDown) in [(0.0, 30.0), (1, 37.5)] {
            var freshness = freshness(jitter: jitter)
            let early = freshness.begin(now: at(coolDown - 0.1), jitter: 0)
            #expect(!early)
            let late = freshness.begin(now: at(coolDown), jitter: 0)
            #expect(late)
        }
        var without = DocumentFreshness(.standard)
        let attempts = [0, 0.9, 1.0].map { without.begin(now: at($0), jitter: 0) }
        #expect(attempts == [true, false, true])
    }

    @Test("A reload may follow an ordinary fetch at once, and another reload after a cool-down")
    func reloadsOnceThoughTheDocumentIsNew() {
        var freshness = freshness()
        let attempts = [0.1, 0.2, 30.0, 30.2].map { freshness.begin(isReload: true, now: at($0), jitter: 0) }
        #expect(attempts == [true, false, false, true])
        var failed = self.freshness()
        failed.fail(DocumentFetchError(.status(500)))
        let late = failed.begin(isReload: true, now: at(29.9), jitter: 0)
        #expect(!late)
    }

    @Test("A document may say that it is of no use after a time, however stale a document may be")
    func endsEarly() {
        var freshness = DocumentFreshness(DocumentCaching(maximumStaleness: .seconds(1000)))
        _ = freshness.receive(maximumAge: .seconds(100), usableFor: .seconds(150), now: start)
        #expect(freshness.advice(now: at(99)) == .useAndRefresh && !freshness.isStale(now: at(149)))
        #expect(freshness.isStale(now: at(150)))
        _ = freshness.receive(maximumAge: .seconds(100), usableFor: .seconds(50), now: start)
        #expect(freshness.advice(now: at(50)) == .fetch && freshness.isStale(now: at(50)))
    }

    @Test("A document may be fresh for less than the cool-down, which then counts after a failure alone")
    func shortFreshness() {
        var caching = DocumentCaching(maximumStaleness: .seconds(1000), coolDown: .seconds(10))
        caching.shortestFreshness = .seconds(1)
        var freshness = DocumentFreshness(caching)
        _ = freshness.begin(now: start, jitter: 1)
        _ = freshness.receive(maximumAge: .zero, now: start)
        #expect(freshness.advice(now: at(1)) == .fetch)
        let begins = [at(0.9), at(1)].map { freshness.begin(now: $0, jitter: 1) }
        #expect(begins == [false, true])
        freshness.fail(DocumentFetchError(.status(500)))
        let beginsAfterFailure = [at(13.4), at(13.5)].map { freshness.begin(now: $0, jitter: 0) }
        #expect(beginsAfterFailure == [false, true])
    }
}
