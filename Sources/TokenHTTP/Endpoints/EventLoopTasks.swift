import HTTPEdge
import NIOCore

/// Runs asynchronous code on event loops: a task begins at once on the event loop that starts it, and goes on there after
/// each wait. No other thread is involved.
struct EventLoopTasks: Sendable {
    private let executors: [EventLoopExecutor]

    init(_ group: any EventLoopGroup) {
        executors = group.makeIterator().map(EventLoopExecutor.init)
    }

    /// - Parameters:
    ///   - loop: the current event loop.
    ///   - body: makes the response; it is often done when this function returns.
    func reply(on loop: any EventLoop, _ body: @escaping @Sendable () async -> Response) -> Reply {
        let promise = loop.makePromise(of: Response.self)
        let executor = executors.first { $0.loop === loop } ?? EventLoopExecutor(loop)
        Task.immediate(executorPreference: executor) { promise.succeed(await body()) }
        return .later(promise.futureResult)
    }
}

/// An event loop as the executor of tasks.
private final class EventLoopExecutor: TaskExecutor {
    let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // The job is run once, which is all that a task executor must not get wrong.
        loop.execute { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
