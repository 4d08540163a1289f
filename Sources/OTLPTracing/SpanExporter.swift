import Synchronization
import WireText

/// Sends the spans of the buffer: when a batch is full, and each second.
final class SpanExporter: Sendable {
    typealias Send = @Sendable ([UInt8]) async throws -> Void

    static let interval: Duration = .seconds(1)
    /// The time limit for the last flush.
    static let lastFlush: Duration = .seconds(5)
    /// How many times one batch is tried before it is dropped.
    static let maximumTries = 5

    /// The clock, the sleep and the jitter. Tests replace them.
    struct Time: Sendable {
        var now: @Sendable () -> ContinuousClock.Instant = { .now }
        var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        /// From 0 to 1.
        var jitter: @Sendable () -> Double = { .random(in: 0...1) }
    }

    /// The state of the sending task: the batch that it sends or retries, and the pace.
    private struct Delivery {
        var batch: [SpanRecord] = []
        var tries = 0
        var pace = ExportPace()
        /// Whether the service is stopping. Then a batch that fails is not retried.
        var isLast = false
    }

    private let buffer: SpanBuffer
    private let encoding: OTLPEncoding
    private let time: Time
    private let report: @Sendable (String) -> Void
    private let send: Send
    private let hasBegun = Atomic(false)

    init(
        _ buffer: SpanBuffer, encoding: OTLPEncoding, time: Time, report: @escaping @Sendable (String) -> Void,
        send: @escaping Send
    ) {
        self.buffer = buffer
        self.encoding = encoding
        self.time = time
        self.report = report
        self.send = send
    }

    func run() async {
        guard !hasBegun.exchange(true, ordering: .relaxed) else { return }
        // A separate task, which is not cancelled with this one: a batch that is being sent may still arrive.
        let worker = Task { await work() }
        while (try? await time.sleep(Self.interval)) != nil { buffer.wake() }
        buffer.finish()
        await waitForLastFlush(worker)
        buffer.close()
    }

    /// Waits for the last flush, but not beyond its time limit, even if `send` ignores cancellation.
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
        // A separate task too: this one is cancelled, so it would not wait.
        await Task { for await _ in ends {} }.value
        worker.cancel()
        patience.cancel()
        completion.cancel()
    }

    private func work() async {
        var delivery = Delivery()
        for await _ in buffer.wakeUps where delivery.pace.mayAttempt(now: time.now()) { await flush(&delivery) }
        delivery.isLast = true
        await flush(&delivery)
        buffer.drop(delivery.batch.count)
    }

    /// Sends the spans that are in the buffer now, and full batches for as long as there are any, until one fails.
    /// Spans that end meanwhile and do not fill a batch wait for the next flush; otherwise each span would be a request
    /// of its own.
    private func flush(_ delivery: inout Delivery) async {
        var due = buffer.count + delivery.batch.count
        while due > 0 || buffer.hasBatch, !Task.isCancelled {
            if delivery.batch.isEmpty { delivery.batch = buffer.takeBatch() }
            due -= delivery.batch.count
            guard !delivery.batch.isEmpty, await deliver(&delivery) else { return }
        }
    }

    private func deliver(_ delivery: inout Delivery) async -> Bool {
        do {
            delivery.tries += 1
            try await send(encoding.json(delivery.batch))
            (delivery.batch, delivery.tries) = ([], 0)
            if delivery.pace.succeed() { report("spans are sent again") }
            return true
        } catch {
            let refusal = error as? ExportRefusal
            let isFirst = delivery.pace.fail(
                now: time.now(), retryAfter: refusal?.retryAfter, jitter: time.jitter())
            if refusal?.isRetryable != true || delivery.tries >= Self.maximumTries || delivery.isLast {
                buffer.drop(delivery.batch.count)
                (delivery.batch, delivery.tries) = ([], 0)
            }
            if isFirst { report("spans cannot be sent, and are dropped if that lasts: \(error)") }
            return false
        }
    }
}

/// A collector's answer other than success, or none.
package struct ExportRefusal: Error, CustomStringConvertible {
    /// The wait that the collector asks for.
    let retryAfter: Duration?
    /// Whether the same body may be retried (OTLP/HTTP, Failures).
    let isRetryable: Bool
    package let description: String

    /// - Parameter retryAfter: the field `Retry-After`, in seconds (RFC 9110 section 10.2.3). A date is ignored.
    package init(status: UInt, retryAfter: String?) {
        isRetryable = [429, 502, 503, 504].contains(status)
        description = "the collector answers \(status)"
        self.retryAfter = retryAfter.flatMap { Octets($0).trimmed.decimal }.map { .seconds($0) }
    }

    /// - Parameters:
    ///   - reason: why there is no answer.
    ///   - isRetryable: whether the collector has certainly not received the body (OTLP/HTTP, All Other Responses).
    package init(noAnswer reason: String, isRetryable: Bool) {
        self.isRetryable = isRetryable
        description = "no answer (\(reason))"
        retryAfter = nil
    }
}

/// Decides when the next batch may be sent. The time and the jitter are arguments.
struct ExportPace {
    typealias Instant = ContinuousClock.Instant

    /// The longest time without an attempt, unless the collector asks for more.
    static let longestWait: Duration = .seconds(30)
    /// The longest wait that a collector can ask for.
    static let longestRetryAfter: Duration = .seconds(300)

    private var failureCount = 0
    private var waitingUntil: Instant?

    func mayAttempt(now: Instant) -> Bool {
        waitingUntil.map { $0 <= now } ?? true
    }

    /// The waits after failures are 1, 2, 4, 8 and 16 seconds, then ``longestWait`` each time, and up to a quarter
    /// more, so that replicas do not retry together.
    ///
    /// - Parameters:
    ///   - retryAfter: the wait that the collector asks for; the longer one counts.
    ///   - jitter: from 0 to 1.
    /// - Returns: whether it is the first failure since the last success, or the first of all.
    mutating func fail(now: Instant, retryAfter: Duration? = nil, jitter: Double = 0) -> Bool {
        let wait: Duration = failureCount < 5 ? .seconds(1 << failureCount) : Self.longestWait
        waitingUntil = now.advanced(
            by: max(wait * (1 + 0.25 * jitter), min(retryAfter ?? .zero, Self.longestRetryAfter)))
        failureCount += 1
        return failureCount == 1
    }

    /// - Returns: whether there was a failure before.
    mutating func succeed() -> Bool {
        defer { (failureCount, waitingUntil) = (0, nil) }
        return failureCount > 0
    }
}
