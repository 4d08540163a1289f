/// How many requests a client may make: `requests_per_minute`.
///
/// It is a bucket that fills evenly and holds what ten seconds give, or one request if they give less. The state of a bucket
/// is one number: the moment at which it is full again, in nanoseconds of a clock that never goes back.
struct RequestRate: Sendable, Equatable {
    /// What becomes of a request.
    enum Decision: Equatable {
        /// The bucket is full again at this moment.
        case admitted(fullAgain: Int64)
        /// The bucket is empty for so many nanoseconds more. Its state is another one than before if the limit was raised.
        case refused(wait: Int64, fullAgain: Int64)
    }

    private static let minute: Int64 = 60_000_000_000
    private static let reserve: Int64 = 10_000_000_000

    /// From one request to the next, in nanoseconds.
    private let interval: Int64
    /// How far ahead the moment may be at which the bucket is full again, when a request comes.
    private let tolerance: Int64

    /// - Parameter perMinute: at least 1; a smaller number counts as 1.
    init(perMinute: Int) {
        // Above that, no request would take anything.
        interval = Self.minute / min(max(Int64(perMinute), 1), Self.minute)
        tolerance = max(0, Self.reserve - interval)
    }

    /// Decides about a request.
    ///
    /// - Parameters:
    ///   - fullAgain: the state of the bucket; 0 or less for a full one.
    ///   - now: on the same clock.
    func decide(fullAgain: Int64, now: Int64) -> Decision {
        // After a limit was raised, a bucket is at most empty by the new one.
        let level = min(max(fullAgain, now), now + tolerance + interval)
        let excess = level - now - tolerance
        return excess > 0 ? .refused(wait: excess, fullAgain: level) : .admitted(fullAgain: level + interval)
    }
}
