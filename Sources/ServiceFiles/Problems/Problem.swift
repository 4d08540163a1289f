/// Something wrong in what the operator wrote, told so that it can be mended.
package struct Problem: Sendable, Hashable, CustomStringConvertible {
    /// Where it was found.
    package enum Place: Sendable, Hashable {
        /// A file or folder, and the line in it, from 1.
        case file(String, line: Int?)
        /// An environment variable.
        case environment(String)
        /// A command line option.
        case option(String)
    }

    /// Of a setting that several places give, the one that wins.
    package let place: Place
    /// What is wrong, without the value that is wrong.
    package let message: String
    /// What to do about it.
    package let hint: String?

    /// - Parameter hint: nil where the message says enough.
    package init(_ place: Place, _ message: String, hint: String? = nil) {
        self.place = place
        self.message = message
        self.hint = hint
    }

    /// For people: place and message in one line, the hint in a second.
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

/// Where the lines of a text stand in the file that it is, or is a part of.
struct FileLines: Sendable {
    /// As the operator wrote it.
    let path: String
    /// For a part of a file, how many lines stand before it there and not here.
    let offset: Int

    /// - Parameter line: from 1; nil for the file as a whole.
    func place(_ line: Int?) -> Problem.Place {
        .file(path, line: line.map { $0 + offset })
    }
}
