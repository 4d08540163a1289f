/// The recent pace at which jobs leave a queue, which decides how many may wait.
///
/// It is taken from the queue itself, between one job and the next while jobs wait, and not from the time of a signature:
/// workers and threads share their cores with other work.
struct SigningPace {
    /// The most signatures that may wait, however quick they are.
    static let largestRoom = 4096
    /// The weight of each new interval in the mean. It spans several batches of an event loop.
    private static let weight = 1.0 / 64
    /// A longer interval counts as this long: the whole machine may have paused.
    private static let longest: Duration = .milliseconds(100)

    private let threadCount: Int
    /// The mean interval between two jobs that leave the queue, in nanoseconds.
    private var mean: Double
    /// When a job left the queue that others stayed behind in.
    private var last: ContinuousClock.Instant?

    /// - Parameter signature: the time of one signature, which the pace is taken from before the first interval.
    init(threadCount: Int, signature: Duration) {
        self.threadCount = threadCount
        mean = signature.nanoseconds / Double(threadCount)
    }

    /// Records that a job left the queue to be done.
    ///
    /// - Parameter areMoreWaiting: whether other jobs wait. If none does, the time until the next job is a pause of the
    ///   clients, and does not count.
    mutating func tookJob(at now: ContinuousClock.Instant, areMoreWaiting: Bool) {
        if let last { mean += (min(now - last, Self.longest).nanoseconds - mean) * Self.weight }
        last = areMoreWaiting ? now : nil
    }

    /// Records that the queue is empty.
    mutating func pause() { last = nil }

    /// How many signatures may wait so that the last one waits no longer than `wait`; at least one for each thread.
    func room(wait: Duration) -> Int {
        max(threadCount, Int(max(0, min(wait.nanoseconds / max(mean, 100), Double(Self.largestRoom)))))
    }
}

extension Duration {
    fileprivate var nanoseconds: Double { Double(components.seconds) * 1e9 + Double(components.attoseconds) / 1e9 }
}
