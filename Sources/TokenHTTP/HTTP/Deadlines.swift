import NIOCore

/// Closes a channel when a time has passed, unless it is called off.
struct ClosingTimer {
    private var end: Scheduled<Void>?

    var isRunning: Bool { end != nil }

    /// From now on; what ran before is called off.
    mutating func start(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        cancel()
        let channel = context.channel
        end = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    mutating func cancel() {
        end?.cancel()
        end = nil
    }
}
