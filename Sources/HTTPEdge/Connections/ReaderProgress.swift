import NIOCore

/// Whether a client reads its responses: while some are waiting to be written, their number of octets must fall.
struct ReaderProgress {
    private let time: TimeAmount
    private var waiting = Int.max
    /// The least number of octets that a client must read in the time.
    private static let leastProgress = 4096
    /// When the client must have read something; `nil` if it has read all.
    private(set) var deadline: NIODeadline?

    /// - Parameter time: how long a client may read nothing.
    init(_ time: TimeAmount) {
        self.time = time
    }

    /// Starts the time when the client has not read all, and stops it when it has.
    mutating func look(_ channel: any Channel, isSending: Bool) {
        guard isSending else {
            deadline = nil
            return
        }
        guard deadline == nil else { return }
        waiting = Self.waiting(on: channel)
        deadline = channel.eventLoop.now + time
    }

    /// Whether the client read nothing in time. If it read something, a new time begins.
    mutating func hasExpired(_ channel: any Channel, now: NIODeadline) -> Bool {
        guard let end = deadline, end <= now else { return false }
        let current = Self.waiting(on: channel)
        guard current == 0 || current + Self.leastProgress <= waiting else { return true }
        waiting = current
        deadline = now + time
        return false
    }

    /// The octets that are flushed and that the client's system has not taken yet.
    static func waiting(on channel: any Channel) -> Int {
        (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
