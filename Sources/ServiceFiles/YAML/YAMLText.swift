import Foundation
import SystemPackage
import Yams

/// A YAML file, read and parsed, with line numbers for whatever is found in it.
struct YAMLText {
    /// The path as the operator wrote it, for messages.
    let path: FilePath
    let text: String
    /// nil for a file without content.
    let root: Node?
    /// Turns line numbers of the text into places.
    let lines: FileLines

    /// The largest file that is read, in octets: room for several hundred thousand clients.
    private static let maximumSize = 256 << 20

    init(reading path: FilePath) throws(InvalidConfiguration) {
        try self.init(path: path, text: Self.contents(of: path))
    }

    /// The text of a file, not parsed.
    static func contents(of path: FilePath) throws(InvalidConfiguration) -> String {
        let data: Data
        do {
            let status = try path.stat()
            guard status.size <= maximumSize else {
                throw InvalidConfiguration([Problem(.file(path.string, line: nil), "the file is too large")])
            }
            // `Data(contentsOf:)` leaks a buffer for each empty file, and a service asks for its clients again and again.
            if status.type == .regular && status.size == 0 { return "" }
            data = try Data(contentsOf: URL(filePath: path.string))
        } catch let error as InvalidConfiguration {
            throw error
        } catch {
            throw InvalidConfiguration([unreadable(path, error)])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw InvalidConfiguration([Problem(.file(path.string, line: nil), "is not UTF-8")])
        }
        return text
    }

    /// - Parameter lineOffset: for a part of a file, how many lines stand before it there and not here.
    init(path: FilePath, text: String, lineOffset: Int = 0) throws(InvalidConfiguration) {
        self.path = path
        self.text = text
        lines = FileLines(path: path.string, offset: lineOffset)
        do {
            // Nobody asks for the tags that plain scalars resolve to, which Yams finds with regular expressions.
            root = try Yams.compose(yaml: text, .basic)
        } catch {
            let (line, reason) = Self.explain(error)
            throw InvalidConfiguration([Problem(.file(path.string, line: line), "is not YAML: \(reason)")])
        }
    }

    /// The place of `node` in this file.
    func place(of node: Node) -> Problem.Place {
        lines.place(node.line)
    }

    private static func unreadable(_ path: FilePath, _ error: any Error) -> Problem {
        let place = Problem.Place.file(path.string, line: nil)
        guard (error as? Errno) == .noSuchFileOrDirectory else {
            return Problem(place, "cannot be read: \(SystemReason(error))")
        }
        let isConfiguration = path.lastComponent?.string == "writ.yaml"
        return Problem(
            place, "there is no such file", hint: isConfiguration ? "`writ init` makes a working folder" : nil)
    }

    private static func explain(_ error: any Error) -> (line: Int?, reason: String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (mark.line, problem)
        case .reader(let problem, _, _, _): (nil, problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            (context.mark.line, "a key is used twice: \(duplicates.joined(separator: ", "))")
        default: (nil, "it cannot be parsed")
        }
    }
}
