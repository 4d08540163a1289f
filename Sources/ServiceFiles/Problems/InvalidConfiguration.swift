/// All problems of the configuration, the clients file and the keys that keep the service from running.
package struct InvalidConfiguration: Error, Sendable, Equatable, CustomStringConvertible {
    /// Never empty.
    package let problems: [Problem]

    /// - Parameter problems: at least one. Duplicates are removed: two readers of one folder report the same problem.
    package init(_ problems: [Problem]) {
        self.problems = problems.withoutRepetitions
    }

    /// A human-readable description: one problem below the other, each with its hint.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }

    /// The result of `body`; `nil` if it throws, with its problems appended to `problems`.
    @discardableResult
    package static func collect<Value>(
        _ problems: inout [Problem], _ body: () throws(InvalidConfiguration) -> Value
    ) -> Value? {
        do throws(InvalidConfiguration) { return try body() } catch {
            problems += error.problems
            return nil
        }
    }
}

extension [Problem] {
    /// Each problem once, at its first position.
    fileprivate var withoutRepetitions: [Problem] {
        var seen: Set<Problem> = []
        return filter { seen.insert($0).inserted }
    }
}
