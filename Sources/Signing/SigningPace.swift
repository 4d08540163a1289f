/// The recent mean time of a signature, which decides how many can be made in time.
struct SigningPace {
    /// The most signatures that may wait, however quick they are.
    static let largestRoom = 4096
    /// The weight of each new signature in the mean.
    private static let weight = 1.0 / 32

    /// In nanoseconds; before the first signature, that of an RSA key on a slow processor.
    private var mean = 1_000_000.0

    /// A longer time counts as this long: the whole machine may have paused.
    private static let longest: Duration = .milliseconds(100)

    mutating func add(_ duration: Duration) {
        let (seconds, attoseconds) = min(duration, Self.longest).components
        mean += (Double(seconds) * 1e9 + Double(attoseconds) / 1e9 - mean) * Self.weight
    }

    /// How many signatures may wait so that the last one waits no longer than `wait`; at least one for each thread.
    func room(wait: Duration, threadCount: Int) -> Int {
        let (seconds, attoseconds) = wait.components
        let time = Double(seconds) * 1e9 + Double(attoseconds) / 1e9
        let room = time * Double(threadCount) / max(mean, 1000)
        return max(threadCount, Int(min(room, Double(Self.largestRoom))))
    }
}
