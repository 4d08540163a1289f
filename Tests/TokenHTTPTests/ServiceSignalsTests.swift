import Logging
import Synchronization
import Testing

@testable import TokenHTTP

@Suite struct ServiceSignalsTests {
    /// What a service would do: end with a status, or stop.
    private final class Outcome: Sendable {
        let statuses: AsyncStream<Int32>
        let status: AsyncStream<Int32>.Continuation
        let stops = Atomic(0)

        init() { (statuses, status) = AsyncStream.makeStream() }

        /// Without a trap: other tests run in this process.
        var signals: ServiceSignals {
            ServiceSignals(.silent, trapping: []) { [status] in status.yield($0) }
        }

        func begin(_ signals: ServiceSignals, limit: Duration = .seconds(600)) {
            signals.begin(stoppingWithin: limit) { [self] in stops.add(1, ordering: .relaxed) }
        }

        func ended() async -> Int32? {
            var iterator = statuses.makeAsyncIterator()
            return await iterator.next()
        }
    }

    private let outcome = Outcome()

    @Test("Before the service runs and after it has ended, a signal ends the process", arguments: [false, true])
    func aSignalEndsTheProcess(hasRun: Bool) async {
        let signals = outcome.signals
        if hasRun {
            outcome.begin(signals)
            signals.end()
        }
        signals.receive(.terminate)
        #expect(await outcome.ended() == 0)
        #expect(outcome.stops.load(ordering: .relaxed) == 0)
    }

    @Test(
        "The first signal stops the service, and a second one ends the process with the status of that signal",
        arguments: [(ServiceSignals.Signal.terminate, 143), (.interrupt, 130)] as [(ServiceSignals.Signal, Int32)])
    func aSecondSignalEndsTheProcess(second: ServiceSignals.Signal, status: Int32) async {
        let signals = outcome.signals
        outcome.begin(signals)
        signals.receive(.interrupt)
        #expect(outcome.stops.load(ordering: .relaxed) == 1)
        signals.receive(second)
        #expect(await outcome.ended() == status)
        #expect(outcome.stops.load(ordering: .relaxed) == 1)
    }

    @Test("A service that does not stop in time is ended with status 1")
    func aServiceThatDoesNotStopIsEnded() async {
        let signals = outcome.signals
        outcome.begin(signals, limit: .milliseconds(1))
        signals.receive(.terminate)
        #expect(await outcome.ended() == 1)
    }

    @Test("A SIGHUP that comes while the service starts is a reload when it runs")
    func anEarlyHangupIsNotLost() async {
        let signals = outcome.signals
        signals.receive(.hangup)
        var iterator = signals.hangups.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        #expect(outcome.stops.load(ordering: .relaxed) == 0)
    }
}
