import NIOCore

/// The timer of a connection, whose deadline changes with each request. Most changes move it back: then the scheduled task
/// stays, and finds when it runs that it is too early.
struct DeadlineTimer {
    private var task: Scheduled<Void>?
    private var deadline = NIODeadline.distantFuture

    /// Has `wake` called at a deadline, unless it is called early enough already.
    ///
    /// - Parameters:
    ///   - next: `nil` for no deadline.
    ///   - loop: the current event loop.
    mutating func schedule(at next: NIODeadline?, on loop: any EventLoop, _ wake: @escaping () -> Void) {
        guard let next, next < deadline else { return }
        task?.cancel()
        deadline = next
        task = loop.assumeIsolated().scheduleTask(deadline: next, wake)
    }

    /// Records that `wake` was called.
    mutating func fired() { deadline = .distantFuture }

    mutating func cancel() {
        task?.cancel()
        task = nil
    }
}
