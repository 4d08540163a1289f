/// Everything that keeps the service from running with what the operator wrote, found in one go.
package struct InvalidConfiguration: Error, Sendable, CustomStringConvertible {
    /// Never empty.
    package let problems: [Problem]

    /// - Parameter problems: at least one; what is told twice, as by two who read one folder, counts once.
    package init(_ problems: [Problem]) {
        self.problems = problems.withoutRepetitions
    }

    /// For people: one problem below the other, each with its hint.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }

    /// The result of `body`; or nil, with its problems added to the others.
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
    /// Each once, where it comes first.
    fileprivate var withoutRepetitions: [Problem] {
        var seen: Set<Problem> = []
        return filter { seen.insert($0).inserted }
    }
}
