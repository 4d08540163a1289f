import NIOCore
import Synchronization

/// Opens a connection with a ``StoreHandler`` that tells the callbacks.
typealias StoreDial = @Sendable (any EventLoop, StoreCallbacks) -> EventLoopFuture<any Channel>

/// One connection to the store, which is opened again whenever it ends. All happens on one event loop.
///
/// Commands are sent one behind the other, and replies come in the same order. A command that is not answered in time ends
/// the connection, so that a late reply is never taken for that of the next command. What had been sent then fails with it,
/// since it is not known whether it was done.
final class StoreLink: Sendable {
    private enum Phase {
        /// Not started, or stopped.
        case stopped
        /// Waits for its next attempt.
        case resting
        case connecting(limit: Scheduled<Void>)
        case ready
    }

    private struct State {
        var phase = Phase.stopped
        /// While it is connected or greeted, and while it is ready.
        var channel: (any Channel)?
        /// Sent if the connection is ready, and waiting for it if not.
        var queue = StoreQueue(capacity: StoreLink.capacity)
        /// Counts connections, so that what an earlier one tells is ignored.
        var generation = 0
        /// How many connections failed since a command was answered.
        var failures = 0
        /// Why the last connection failed, and since when there is none; `nil` while there is one.
        var outage: (failure: StoreFailure, start: NIODeadline)?
        var timer: Scheduled<Void>?
        var probes: RepeatedTask?
    }

    /// The most commands that wait for a reply.
    static let capacity = 4096

    let loop: any EventLoop
    private let timing: StoreTiming
    private let probe: ByteBuffer
    private let dial: StoreDial
    private let report: @Sendable (StoreFailure?) -> Void
    private let state: NIOLoopBoundBox<State>

    /// - Parameters:
    ///   - probe: a command to a server that is not asked anything, with the reply `+OK`.
    ///   - report: called whenever the connection becomes ready, with `nil`, and whenever it fails.
    init(
        on loop: any EventLoop, _ timing: StoreTiming, probe: ByteBuffer, dial: @escaping StoreDial,
        report: @escaping @Sendable (StoreFailure?) -> Void
    ) {
        self.loop = loop
        self.timing = timing
        self.probe = probe
        self.dial = dial
        self.report = report
        state = .makeBoxSendingValue(State(), eventLoop: loop)
    }

    /// Begins to connect.
    func start() {
        onLoop { link in
            guard case .stopped = link.state.value.phase else { return }
            link.state.value.outage = (.notYet, link.loop.now)
            link.state.value.probes = link.loop.scheduleRepeatedTask(
                initialDelay: link.timing.probeInterval, delay: link.timing.probeInterval
            ) { _ in link.sendProbe() }
            link.connect()
        }
    }

    /// Ends the connection. What waits for a reply fails.
    func stop() {
        onLoop { link in
            link.state.value.probes?.cancel()
            link.state.value.timer?.cancel()
            link.leave(.stopped)
            link.fail(link.state.value.queue.popAll(), .stopped)
        }
    }

    /// Sends a command, or lets it wait for a connection. It fails at once if there has been none for longer than it may wait.
    func submit(_ command: StoreCommand) {
        onLoop { link in
            let now = link.loop.now
            if case .stopped = link.state.value.phase { return command.complete(.failure(.stopped)) }
            if let outage = link.state.value.outage, outage.start + link.timing.wait <= now {
                return command.complete(.failure(outage.failure))
            }
            var command = command
            command.deadline = now + link.timing.wait
            guard link.state.value.queue.append(command) else { return command.complete(.failure(.tooManyWait)) }
            if case .ready = link.state.value.phase {
                link.state.value.channel?.writeAndFlush(command.octets, promise: nil)
            }
            link.setTimer()
        }
    }

    // MARK: On the event loop

    private func onLoop(_ body: @escaping @Sendable (StoreLink) -> Void) {
        if loop.inEventLoop { body(self) } else { loop.execute { body(self) } }
    }

    private func connect() {
        state.value.generation += 1
        let generation = state.value.generation
        let limit = loop.scheduleTask(in: timing.attempt) { self.end(generation, .timedOut) }
        state.value.phase = .connecting(limit: limit)
        let callbacks = StoreCallbacks(
            isReady: { self.becomeReady(generation, $0) }, receive: { self.receive($0, generation) },
            end: { self.end(generation, $0) })
        dial(loop, callbacks).whenComplete { result in
            switch result {
            case .success(let channel):
                // The attempt may be over by now.
                guard self.state.value.generation == generation else { return channel.close(promise: nil) }
                self.state.value.channel = channel
            case .failure(let error): self.end(generation, StoreFailure(error))
            }
        }
    }

    private func becomeReady(_ generation: Int, _ channel: any Channel) {
        guard generation == state.value.generation, case .connecting(let limit) = state.value.phase else {
            return channel.close(promise: nil)
        }
        limit.cancel()
        state.value.phase = .ready
        state.value.channel = channel
        state.value.outage = nil
        for octets in state.value.queue.octets { channel.write(octets, promise: nil) }
        channel.flush()
        report(nil)
    }

    private func receive(_ reply: RESPReply, _ generation: Int) {
        guard generation == state.value.generation else { return }
        guard state.value.queue.count > 0 else { return end(generation, .unexpectedReply) }
        switch reply {
        case .ok, .null:
            state.value.failures = 0
            state.value.queue.popFirst()?.complete(.success(reply == .ok))
        case .error(let word): end(generation, .refused(word))
        case .simple, .integer: end(generation, .unexpectedReply)
        }
    }

    /// Ends a connection, or an attempt, and makes another attempt.
    private func end(_ generation: Int, _ failure: StoreFailure) {
        guard generation == state.value.generation else { return }
        var lost: [StoreCommand] = []
        if case .ready = state.value.phase { lost = state.value.queue.popAll() }
        leave(.resting)
        state.value.failures += 1
        state.value.outage = (failure, state.value.outage?.start ?? loop.now)
        report(failure)
        fail(lost, failure)
        let next = state.value.generation
        loop.scheduleTask(in: timing.pause(after: state.value.failures)) {
            if self.state.value.generation == next { self.connect() }
        }
    }

    /// Closes the connection if there is one, or gives an attempt up.
    private func leave(_ next: Phase) {
        if case .connecting(let limit) = state.value.phase { limit.cancel() }
        state.value.phase = next
        state.value.generation += 1
        state.value.channel?.close(promise: nil)
        state.value.channel = nil
    }

    private func fail(_ commands: [StoreCommand], _ failure: StoreFailure) {
        for command in commands { command.complete(.failure(failure)) }
    }

    private func sendProbe() {
        guard case .ready = state.value.phase, state.value.queue.count == 0 else { return }
        submit(StoreCommand(octets: probe, owner: nil) { _ in })
    }

    /// All commands wait for the same time, so that the first one is the first to be overdue.
    private func setTimer() {
        guard state.value.timer == nil, let first = state.value.queue.first else { return }
        state.value.timer = loop.scheduleTask(deadline: first.deadline) {
            self.state.value.timer = nil
            self.endOverdue()
            self.setTimer()
        }
    }

    private func endOverdue() {
        guard let first = state.value.queue.first, first.deadline <= loop.now else { return }
        if case .ready = state.value.phase {
            end(state.value.generation, .timedOut)
        } else {
            fail(state.value.queue.popOverdue(at: loop.now), state.value.outage?.failure ?? .timedOut)
        }
    }
}
