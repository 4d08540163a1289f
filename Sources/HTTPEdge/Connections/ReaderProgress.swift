import NIOCore

/// Whether a client reads its responses: while some are waiting to be written, their number of octets must fall.
struct ReaderProgress {
    private let time: TimeAmount
    private var waiting = Int.max
    /// When the client must have read something; `nil` while the channel takes more.
    private(set) var deadline: NIODeadline?

    /// - Parameter time: how long a client may read nothing.
    init(_ time: TimeAmount) {
        self.time = time
    }

    /// Starts the time when a channel takes no more, and stops it when it does again.
    mutating func look(_ channel: any Channel) {
        guard !channel.isWritable else {
            deadline = nil
            return
        }
        guard deadline == nil else { return }
        waiting = Self.waiting(on: channel)
        deadline = channel.eventLoop.now + time
    }

    /// Whether the client read nothing in time. If it read something, a new time begins.
    mutating func hasExpired(_ channel: any Channel, now: NIODeadline) -> Bool {
        guard let end = deadline, end <= now, !channel.isWritable else { return false }
        let current = Self.waiting(on: channel)
        guard current < waiting else { return true }
        waiting = current
        deadline = now + time
        return false
    }

    private static func waiting(on channel: any Channel) -> Int {
        (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
