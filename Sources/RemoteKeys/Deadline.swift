/// Limits the time that work may take.
package enum Deadline {
    /// The work was not done in time.
    package struct Exceeded: Error, CustomStringConvertible {
        package var description: String { "it took too long" }
    }

    /// Runs `body` and returns its result. After `duration`, cancels `body` and throws ``Exceeded``.
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
