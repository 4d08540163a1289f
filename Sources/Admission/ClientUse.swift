import AccessToken
import Synchronization

/// What is known of the requests of one client. All of it is atomic, so that a request waits for no other.
final class ClientUse: Sendable {
    private static let never = Int64.min

    /// In seconds since 1970.
    private let time = Atomic<Int64>(never)
    /// The last use that was saved.
    private let savedTime = Atomic<Int64>(never)
    /// The state of the bucket: see ``RequestRate``.
    private let fullAgain = Atomic<Int64>(0)
    private let refusals = Atomic<Int>(0)
    private let isLimited = Atomic<Bool>(false)

    /// When the client last got a token; `nil` if that is not known.
    var lastUse: NumericDate? {
        let seconds = time.load(ordering: .relaxed)
        return seconds == Self.never ? nil : NumericDate(seconds)
    }

    /// How many requests were over the limit; `nil` if there has been no limit.
    var refusalCount: Int? { isLimited.load(ordering: .relaxed) ? refusals.load(ordering: .relaxed) : nil }

    /// The last use, if it is not saved.
    var unsaved: NumericDate? {
        lastUse.flatMap { $0.seconds == savedTime.load(ordering: .relaxed) ? nil : $0 }
    }

    func record(_ now: NumericDate) { time.store(now.seconds, ordering: .relaxed) }

    /// A use that is saved already, which may be earlier than the last one.
    ///
    /// - Parameter latest: a saved use that is later counts only if no other is known.
    func merge(saved other: NumericDate, latest: NumericDate) {
        let isEarlier = lastUse.map { $0 < other } ?? false
        guard other <= latest || !isEarlier else { return setSaved(nil) }
        time.max(other.seconds, ordering: .relaxed)
        setSaved(other)
    }

    func setSaved(_ use: NumericDate?) { savedTime.store(use?.seconds ?? Self.never, ordering: .relaxed) }

    /// Decides about a request.
    ///
    /// - Parameter now: in nanoseconds, on the clock of all requests.
    /// - Returns: the nanoseconds to wait; `nil` if the request is within the limit and counted.
    func wait(_ rate: RequestRate, now: Int64) -> Int64? {
        isLimited.store(true, ordering: .relaxed)
        var state = fullAgain.load(ordering: .relaxed)
        while true {
            let (next, wait): (Int64, Int64?) =
                switch rate.decide(fullAgain: state, now: now) {
                case .admitted(let next): (next, nil)
                case .refused(let wait, let next): (next, wait)
                }
            let (isExchanged, current) = fullAgain.weakCompareExchange(
                expected: state, desired: next, ordering: .relaxed)
            if isExchanged {
                if wait != nil { refusals.add(1, ordering: .relaxed) }
                return wait
            }
            state = current
        }
    }
}
