import Synchronization

/// Sends what is in the buffer: when a batch is full, and each second.
final class SpanExporter: Sendable {
    typealias Send = @Sendable ([UInt8]) async throws -> Void

    static let interval: Duration = .seconds(1)
    /// How long the last flush may take.
    static let lastFlush: Duration = .seconds(5)

    /// The time, as it passes. Tests have another one.
    struct Time: Sendable {
        var now: @Sendable () -> ContinuousClock.Instant = { .now }
        var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    }

    private let buffer: SpanBuffer
    private let resource: ResourceAttributes
    private let time: Time
    private let report: @Sendable (String) -> Void
    private let send: Send
    private let hasBegun = Atomic(false)

    init(
        _ buffer: SpanBuffer, resource: ResourceAttributes, time: Time, report: @escaping @Sendable (String) -> Void,
        send: @escaping Send
    ) {
        self.buffer = buffer
        self.resource = resource
        self.time = time
        self.report = report
        self.send = send
    }

    func run() async {
        guard !hasBegun.exchange(true, ordering: .relaxed) else { return }
        // A task of its own, which is not cancelled with this one: what is being sent then may arrive.
        let worker = Task { await work() }
        while (try? await time.sleep(Self.interval)) != nil { buffer.wake() }
        buffer.finish()
        await waitForLastFlush(worker)
        buffer.close()
    }

    /// Waits for as long as the last flush may take, even where `send` does not heed its cancellation.
    private func waitForLastFlush(_ worker: Task<Void, Never>) async {
        let (ends, end) = AsyncStream<Never>.makeStream()
        let completion = Task {
            await worker.value
            end.finish()
        }
        let patience = Task {
            try? await time.sleep(Self.lastFlush)
            end.finish()
        }
        // Also in a task of its own: this one is cancelled, and would not wait.
        await Task { for await _ in ends {} }.value
        worker.cancel()
        patience.cancel()
        completion.cancel()
    }

    private func work() async {
        var pace = ExportPace()
        for await _ in buffer.wakeUps where pace.mayAttempt(now: time.now()) { await flush(&pace) }
        await flush(&pace)
    }

    /// Sends what is there now and as long as batches are full, until one fails. What comes meanwhile and fills none waits for
    /// the next reason, lest each span become a request.
    private func flush(_ pace: inout ExportPace) async {
        var due = buffer.count
        while due > 0 || buffer.hasBatch, !Task.isCancelled {
            let batch = buffer.takeBatch()
            due -= batch.count
            guard !batch.isEmpty, await deliver(batch, &pace) else { return }
        }
    }

    private func deliver(_ batch: [SpanRecord], _ pace: inout ExportPace) async -> Bool {
        do {
            try await send(ExportTraceServiceRequest(resource: resource, spans: batch).json)
            if pace.succeed() { report("spans are sent again") }
            return true
        } catch {
            let isFirst = pace.fail(now: time.now())
            buffer.drop(batch.count)
            if isFirst { report("spans cannot be sent and are dropped: \(error)") }
            return false
        }
    }
}
