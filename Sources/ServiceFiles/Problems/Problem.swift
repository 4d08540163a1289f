/// A mistake in an operator's file or setting, with what the operator needs to correct it.
package struct Problem: Sendable, Hashable, CustomStringConvertible {
    /// The place of the mistake.
    package enum Place: Sendable, Hashable {
        /// A file or folder, and the line in it, from 1.
        case file(String, line: Int?)
        /// An environment variable.
        case environment(String)
        /// A command line option.
        case option(String)
    }

    /// If several places set a setting, the place that overrides the others.
    package let place: Place
    /// What is wrong. The message does not contain the invalid value.
    package let message: String
    /// What the operator can do about it.
    package let hint: String?

    /// - Parameter hint: `nil` if the message is enough.
    package init(_ place: Place, _ message: String, hint: String? = nil) {
        self.place = place
        self.message = message
        self.hint = hint
    }

    /// A human-readable description: place and message in one line, the hint in a second.
    package var description: String {
        let line = "\(place): \(message)"
        return hint.map { "\(line)\n  hint: \($0)" } ?? line
    }
}

extension Problem.Place {
    /// The line in a file, from 1.
    var line: Int? {
        if case .file(_, let line) = self { line } else { nil }
    }
}

extension Problem.Place: CustomStringConvertible {
    /// `path:line`, as editors understand it, or the name of the variable or option.
    package var description: String {
        switch self {
        case .file(let path, let line?): "\(path):\(line)"
        case .file(let path, nil): path
        case .environment(let name): name
        case .option(let name): name
        }
    }
}

/// Maps the lines of a text to places in the file that contains it.
struct FileLines: Sendable {
    /// The path as the operator wrote it.
    let path: String
    /// The number to add to a line number of the text to get that of the file; 0 if the text is the whole file.
    let offset: Int

    /// - Parameter line: from 1; `nil` for the file as a whole.
    func place(_ line: Int?) -> Problem.Place {
        .file(path, line: line.map { $0 + offset })
    }
}
