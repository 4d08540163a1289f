import Dispatch
package import Logging
import Synchronization

/// SIGTERM, SIGINT and SIGHUP, trapped from the moment that this is created, also in process 1, for which the kernel
/// ignores untrapped signals.
///
/// Until the service runs, SIGTERM and SIGINT end the process at once. Then the first one stops the service, and a
/// further one ends the process. Signals are handled on a thread of their own: a file or a lock that keeps all other
/// threads waiting does not keep the process from ending.
package final class ServiceSignals: @unchecked Sendable {
    private enum Phase {
        /// The service does not run yet, or no longer.
        case idle
        /// - Parameters:
        ///   - limit: how long the service may take to stop.
        ///   - stop: stops the service.
        case running(limit: DispatchTimeInterval, stop: @Sendable () -> Void)
        case stopping
    }

    enum Signal: Int32, CaseIterable {
        case hangup = 1
        case interrupt = 2
        case terminate = 15
    }

    /// One element for each SIGHUP. Those that come before they are read are one.
    package let hangups: AsyncStream<Void>

    private let hangup: AsyncStream<Void>.Continuation
    private let phase = Mutex(Phase.idle)
    private let queue: DispatchQueue
    // Sendable: the sources are only kept alive.
    private let sources: [any DispatchSourceSignal]
    private let logger: Logger
    private let endAtOnce: @Sendable (Int32) -> Void

    /// Traps the signals, and returns when they are trapped.
    ///
    /// - Parameter endAtOnce: called with the exit status; ends the process.
    package convenience init(_ logger: Logger, endAtOnce: @escaping @Sendable (Int32) -> Void) {
        self.init(logger, trapping: Signal.allCases, endAtOnce: endAtOnce)
    }

    init(_ logger: Logger, trapping signals: [Signal], endAtOnce: @escaping @Sendable (Int32) -> Void) {
        self.logger = logger
        self.endAtOnce = endAtOnce
        (hangups, hangup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let queue = DispatchQueue(label: "signals")
        self.queue = queue
        sources = signals.map { DispatchSource.makeSignalSource(signal: $0.rawValue, queue: queue) }
        let areTrapped = DispatchGroup()
        for (signal, source) in zip(signals, sources) {
            areTrapped.enter()
            source.setEventHandler { [self] in receive(signal) }
            source.setRegistrationHandler { areTrapped.leave() }
            source.resume()
        }
        areTrapped.wait()
    }

    /// Stops the service on the first SIGTERM or SIGINT from now on.
    ///
    /// - Parameters:
    ///   - limit: how long it may take to stop. After that the process ends.
    ///   - stop: called once, on a thread of its own.
    func begin(stoppingWithin limit: Duration, _ stop: @escaping @Sendable () -> Void) {
        let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
        phase.withLock { $0 = .running(limit: .milliseconds(Int(milliseconds)), stop: stop) }
    }

    /// The service has ended: from now on a signal ends the process at once.
    func end() { phase.withLock { $0 = .idle } }

    func receive(_ signal: Signal) {
        guard signal != .hangup else {
            hangup.yield()
            return
        }
        let former = phase.withLock { phase in
            let former = phase
            if case .running = phase { phase = .stopping }
            return former
        }
        switch former {
        case .idle:
            logger.info("Stopped")
            endAtOnce(0)
        case .running(let limit, let stop):
            stop()
            queue.asyncAfter(deadline: .now() + limit) { [self] in
                logger.critical("Stopped at once: something did not end in time")
                endAtOnce(1)
            }
        case .stopping:
            logger.warning("Stopped at once by a second signal")
            // Nothing needs to be cleaned up: files are complete at every moment.
            endAtOnce(128 + signal.rawValue)
        }
    }
}
