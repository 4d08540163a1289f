import Synchronization
import Testing
import Tracing

@testable import OTLPTracing

/// When spans are sent, and when they are dropped. No clock runs here.
@Suite(.timeLimit(.minutes(1))) struct ExportTests {
    private let collector = Collector()
    private let time = ManualTime()

    private func tracer(
        capacity: Int = 64, batchSize: Int = 64, report: @escaping @Sendable (String) -> Void = { _ in }
    ) -> OTLPTracer {
        OTLPTracer(capacity: capacity, batchSize: batchSize, time: time.time, report: report, send: collector.send)
    }

    /// Lets other tasks run until `condition` is true, or until the time limit of the test.
    private func until(_ condition: () -> Bool) async {
        while !condition(), !Task.isCancelled { await Task.yield() }
    }

    @Test("A full batch is sent at once, and the rest with the next tick or flush")
    func aFullBatchIsSentAtOnceAndTheRestWithTheNextTick() async throws {
        let tracer = tracer(batchSize: 2)
        let running = Task { await tracer.run() }
        tracer.end("1", "2")
        #expect(try Collector.names(await collector.next()) == ["1", "2"])
        tracer.end("3")
        time.tick()
        #expect(try Collector.names(await collector.next()) == ["3"])
        tracer.end("4")
        tracer.forceFlush()
        #expect(try Collector.names(await collector.next()) == ["4"])
        // An empty buffer sends nothing.
        time.tick()
        running.cancel()
        await running.value
        #expect(collector.count == 3)
        #expect(tracer.droppedCount == 0)
    }

    @Test("Spans that ended before the exporter runs are sent in batches")
    func whatEndedBeforeItRunsIsSentInBatches() async throws {
        let tracer = tracer(batchSize: 2)
        tracer.end("1", "2", "3", "4", "5")
        await tracer.flush()
        for names in [["1", "2"], ["3", "4"], ["5"]] { #expect(try Collector.names(await collector.next()) == names) }
    }

    @Test("A stalled collector costs only the spans that the buffer cannot hold")
    func aStalledServiceCostsSpansAndNothingElse() async throws {
        let tracer = tracer(capacity: 4, batchSize: 2)
        collector.behave(.stall)
        let running = Task { await tracer.run() }
        tracer.end("1", "2")
        #expect(try Collector.names(await collector.next()) == ["1", "2"])
        tracer.end("3", "4", "5", "6", "7", "8", "9")
        #expect(tracer.droppedCount == 3)
        collector.behave(.accept)
        collector.release()
        #expect(try Collector.names(await collector.next()) == ["3", "4"])
        #expect(try Collector.names(await collector.next()) == ["5", "6"])
        running.cancel()
        await running.value
        #expect(tracer.droppedCount == 3)
    }

    @Test("Cancellation sends the remaining spans, and later ones are dropped")
    func cancellationFlushes() async throws {
        let tracer = tracer()
        let running = Task { await tracer.run() }
        tracer.end("1", "2", "3")
        running.cancel()
        await running.value
        #expect(try Collector.names(await collector.next()) == ["1", "2", "3"])
        // The exporter has ended, so the span is dropped and not kept.
        tracer.end("4")
        #expect(tracer.droppedCount == 1)
        await tracer.run()
        #expect(collector.count == 1)
    }

    @Test("A batch that is being sent at cancellation may still arrive")
    func whatIsBeingSentAtCancellationMayArrive() async throws {
        let tracer = tracer(batchSize: 2)
        collector.behave(.stall)
        let running = Task { await tracer.run() }
        tracer.end("1", "2")
        _ = await collector.next()
        tracer.end("3")
        running.cancel()
        collector.behave(.accept)
        collector.release()
        await running.value
        #expect(try Collector.names(await collector.next()) == ["3"])
        #expect(tracer.droppedCount == 0)
    }

    @Test("The last flush has a time limit, even if sending ignores cancellation")
    func theLastFlushIsBoundedThoughSendHeedsNothing() async throws {
        let tracer = tracer(batchSize: 2)
        collector.behave(.stall)
        let running = Task { await tracer.run() }
        tracer.end("1", "2")
        _ = await collector.next()
        tracer.end("3")
        running.cancel()
        time.losePatience()
        await running.value
        #expect(tracer.droppedCount == 1)
        #expect(collector.count == 1)
        collector.release()
    }

    @Test("Failures are reported once, and the next attempt waits")
    func reportsFailuresOnce() async throws {
        let reports = Mutex<[String]>([])
        let tracer = tracer { report in reports.withLock { $0.append(report) } }
        collector.behave(.refuse)
        let running = Task { await tracer.run() }
        tracer.end("1", "2")
        time.tick()
        _ = await collector.next()
        await until { tracer.droppedCount == 2 }
        // Too early: the exporter reads the time and sends nothing.
        tracer.end("3")
        let readCount = time.readCount
        time.pass(.milliseconds(999))
        time.tick()
        await until { time.readCount > readCount }
        #expect(collector.count == 1)
        time.pass(.milliseconds(1))
        time.tick()
        #expect(try Collector.names(await collector.next()) == ["3"])
        await until { tracer.droppedCount == 3 }
        collector.behave(.accept)
        tracer.end("4")
        time.pass(.seconds(2))
        time.tick()
        #expect(try Collector.names(await collector.next()) == ["4"])
        running.cancel()
        await running.value
        #expect(
            reports.withLock { $0 } == [
                "spans cannot be sent, and are dropped if that lasts: refused", "spans are sent again",
            ])
        #expect(tracer.droppedCount == 3)
    }

    @Test(
        "OTLP/HTTP, Failures: a batch is retried after 429, 502, 503 and 504, and if it certainly did not arrive",
        arguments: [429, 502, 503, 504].map { Collector.Behaviour.answer($0, retryAfter: nil) } + [.refuseConnections])
    func retries(failure: Collector.Behaviour) async throws {
        let tracer = tracer()
        collector.behave(failure)
        let running = Task { await tracer.run() }
        tracer.end("1", "2")
        time.tick()
        #expect(try Collector.names(await collector.next()) == ["1", "2"])
        await waitForFailure()
        collector.behave(.accept)
        tracer.end("3")
        time.pass(.seconds(1))
        time.tick()
        // The batch first, and then the span that has ended since.
        #expect(try Collector.names(await collector.next()) == ["1", "2"])
        #expect(try Collector.names(await collector.next()) == ["3"])
        running.cancel()
        await running.value
        #expect(tracer.droppedCount == 0)
    }

    @Test("OTLP/HTTP, Failures: a batch is dropped after any other status", arguments: [400, 401, 404, 500] as [UInt])
    func doesNotRetry(status: UInt) async throws {
        let tracer = tracer()
        collector.behave(.answer(status, retryAfter: "1"))
        let running = Task { await tracer.run() }
        tracer.end("1", "2")
        time.tick()
        _ = await collector.next()
        await until { tracer.droppedCount == 2 }
        running.cancel()
        await running.value
        #expect(collector.count == 1)
    }

    @Test("A batch is dropped after its fifth try, and the next one has its own tries")
    func dropsABatchAfterFiveTries() async throws {
        let tracer = tracer()
        collector.behave(.answer(503, retryAfter: nil))
        let running = Task { await tracer.run() }
        tracer.end("1")
        for _ in 0..<5 {
            #expect(tracer.droppedCount == 0)
            time.tick()
            #expect(try Collector.names(await collector.next()) == ["1"])
            await waitForFailure()
            time.pass(.seconds(30))
        }
        await until { tracer.droppedCount == 1 }
        tracer.end("2")
        for _ in 0..<2 {
            time.tick()
            #expect(try Collector.names(await collector.next()) == ["2"])
            await waitForFailure()
            time.pass(.seconds(30))
        }
        // When the service stops, there is only one more try.
        running.cancel()
        await running.value
        #expect(collector.count == 8)
        #expect(tracer.droppedCount == 2)
    }

    /// The exporter reads the time before an attempt and after a failure.
    private func waitForFailure() async {
        let failures = collector.count
        await until { time.readCount >= 2 * failures }
    }

    @Test(
        "RFC 9110 section 10.2.3: Retry-After in seconds lengthens the wait, up to five minutes",
        arguments: [
            (nil, 1), ("0", 1), ("7", 7), ("100000", 300), ("-5", 1), ("x", 1), ("Sat, 28 Nov 2026 17:00:00 GMT", 1),
        ] as [(String?, Int)])
    func honoursRetryAfter(field: String?, wait: Int) {
        let start = ContinuousClock.now
        var pace = ExportPace()
        _ = pace.fail(now: start, retryAfter: ExportRefusal(status: 503, retryAfter: field).retryAfter)
        #expect(!pace.mayAttempt(now: start.advanced(by: .seconds(wait) - .nanoseconds(1))))
        #expect(pace.mayAttempt(now: start.advanced(by: .seconds(wait))))
    }

    @Test("Up to a quarter is added to a wait at random")
    func addsJitter() {
        let start = ContinuousClock.now
        var pace = ExportPace()
        _ = pace.fail(now: start, jitter: 1)
        #expect(!pace.mayAttempt(now: start.advanced(by: .milliseconds(1249))))
        #expect(pace.mayAttempt(now: start.advanced(by: .milliseconds(1250))))
    }

    @Test("The wait doubles with each failure, up to half a minute")
    func thePaceIsSlowerWithEachFailure() {
        let start = ContinuousClock.now
        var pace = ExportPace()
        #expect(pace.mayAttempt(now: start))
        for (number, wait) in [1, 2, 4, 8, 16, 30, 30, 30].enumerated() {
            let isFirst = pace.fail(now: start)
            #expect(isFirst == (number == 0))
            #expect(!pace.mayAttempt(now: start.advanced(by: .seconds(wait) - .nanoseconds(1))))
            #expect(pace.mayAttempt(now: start.advanced(by: .seconds(wait))))
        }
        let successes = [pace.succeed(), pace.succeed()]
        #expect(successes == [true, false])
        #expect(pace.mayAttempt(now: start))
        let isFirst = pace.fail(now: start)
        #expect(isFirst)
    }

    @Test("No span is lost when many tasks end spans")
    func endsFromManyTasksLoseNothing() async throws {
        let tracer = tracer(capacity: 1600, batchSize: 512)
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<200 {
                        tracer.withSpan("\(task)-\(number)", context: .topLevel) { $0.attributes["number"] = number }
                    }
                }
            }
        }
        #expect(tracer.droppedCount == 0)
        tracer.end("one too many")
        #expect(tracer.droppedCount == 1)
        await tracer.flush()
        var names: [String] = []
        for size in [512, 512, 512, 64] {
            let batch = try Collector.names(await collector.next())
            #expect(batch.count == size)
            names += batch
        }
        #expect(Set(names) == Set((0..<8).flatMap { task in (0..<200).map { "\(task)-\($0)" } }))
    }

    @Test("A span that many tasks change and end is sent once")
    func oneSpanBearsManyTasks() async throws {
        let tracer = tracer()
        let span = tracer.startSpan("a", context: .topLevel)
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for number in 0..<10 { span.attributes = ["number": .int64(Int64(number))] }
                    span.end()
                }
            }
        }
        await tracer.flush()
        #expect(try Collector.names(await collector.next()) == ["a"])
        #expect(collector.count == 1)
    }
}
