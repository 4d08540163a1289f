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

    /// Lets others run until `condition` holds, or the time limit of the test is over.
    private func until(_ condition: () -> Bool) async {
        while !condition(), !Task.isCancelled { await Task.yield() }
    }

    @Test func aFullBatchIsSentAtOnceAndTheRestWithTheNextTick() async throws {
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
        // Nothing is sent where there is nothing.
        time.tick()
        running.cancel()
        await running.value
        #expect(collector.count == 3)
        #expect(tracer.droppedCount == 0)
    }

    @Test func whatEndedBeforeItRunsIsSentInBatches() async throws {
        let tracer = tracer(batchSize: 2)
        tracer.end("1", "2", "3", "4", "5")
        await tracer.flush()
        for names in [["1", "2"], ["3", "4"], ["5"]] { #expect(try Collector.names(await collector.next()) == names) }
    }

    @Test func aStalledServiceCostsSpansAndNothingElse() async throws {
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

    @Test func cancellationFlushes() async throws {
        let tracer = tracer()
        let running = Task { await tracer.run() }
        tracer.end("1", "2", "3")
        running.cancel()
        await running.value
        #expect(try Collector.names(await collector.next()) == ["1", "2", "3"])
        // Nobody would send it any more, and it must not be held.
        tracer.end("4")
        #expect(tracer.droppedCount == 1)
        await tracer.run()
        #expect(collector.count == 1)
    }

    @Test func whatIsBeingSentAtCancellationMayArrive() async throws {
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

    @Test func theLastFlushIsBoundedThoughSendHeedsNothing() async throws {
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

    @Test func failuresAreToldOnceAndSlowItDown() async throws {
        let reports = Mutex<[String]>([])
        let tracer = tracer { report in reports.withLock { $0.append(report) } }
        collector.behave(.refuse)
        let running = Task { await tracer.run() }
        tracer.end("1", "2")
        time.tick()
        _ = await collector.next()
        await until { tracer.droppedCount == 2 }
        // Too early: asked for the time, and sent nothing.
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
            reports.withLock { $0 } == ["spans cannot be sent and are dropped: refused", "spans are sent again"])
        #expect(tracer.droppedCount == 3)
    }

    @Test func thePaceIsSlowerWithEachFailureUpToHalfAMinute() {
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

    @Test func endsFromManyTasksLoseNothing() async throws {
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

    @Test func oneSpanBearsManyTasks() async throws {
        let tracer = tracer()
        let span = tracer.startSpan("a", context: .topLevel)
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10 { span.addEvent("event") }
                    span.end()
                }
            }
        }
        await tracer.flush()
        #expect(try Collector.names(await collector.next()) == ["a"])
        #expect(collector.count == 1)
    }
}
