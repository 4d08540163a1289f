/// Gives up on work that takes too long.
package enum Deadline {
    /// The work was not done in time.
    package struct Exceeded: Error, CustomStringConvertible {
        package var description: String { "it took too long" }
    }

    /// The result of `body`, or ``Exceeded`` after `duration`; `body` is cancelled then.
    package static func race<Result: Sendable>(
        _ duration: Duration, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: duration)
                throw Exceeded()
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw Exceeded() }
            return result
        }
    }
}
