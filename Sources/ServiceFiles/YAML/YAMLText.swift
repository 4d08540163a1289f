import Foundation
import SystemPackage
import Yams

/// A YAML file, read and parsed, with line numbers for what it contains.
struct YAMLText {
    /// The path as the operator wrote it, for messages.
    let path: FilePath
    let text: String
    /// `nil` if the file has no content.
    let content: YamsNode?
    /// Turns line numbers of the text into places.
    let lines: FileLines

    /// What a file may be.
    struct Limits {
        /// In octets.
        let maximumSize: Int
        /// Whether it may be a pipe, whose writer is waited for.
        let mayBePipe: Bool
        /// With more entries that do not check, a clients file does not count as a whole: each costs time at every reading.
        var mostBrokenEntries = Int.max

        /// Room for several hundred thousand clients.
        static let ownFile = Limits(maximumSize: 256 << 20, mayBePipe: true)
        /// For one of many files, which other people than the operator write.
        static let fileOfTeam = Limits(maximumSize: 64 << 20, mayBePipe: false, mostBrokenEntries: 1000)
    }

    init(reading path: FilePath, _ access: FileAccess) throws(InvalidConfiguration) {
        try self.init(path: path, text: Self.contents(of: path, access))
    }

    /// The content as Yams represents it, for edits.
    var root: Node? { content?.node }

    /// The text of a file, not parsed, without a byte order mark.
    ///
    /// - Throws: also if it has line breaks that editors do not show.
    static func contents(
        of path: FilePath, _ access: FileAccess, _ limits: Limits = .ownFile
    ) throws(InvalidConfiguration) -> String {
        try parts(of: path, access, limits).text
    }

    /// The byte order mark of a file, which may be empty, and its text. The parser would take the mark for a column of the first
    /// line.
    static func parts(
        of path: FilePath, _ access: FileAccess, _ limits: Limits = .ownFile
    ) throws(InvalidConfiguration) -> (mark: String, text: String) {
        let data: Data
        do {
            let descriptor = try TrustedFile.open(path, access, mayBePipe: limits.mayBePipe)
            data = try descriptor.closeAfter {
                let status = try descriptor.stat()
                guard status.size <= limits.maximumSize else {
                    throw InvalidConfiguration([
                        Problem(
                            .file(path.string, line: nil),
                            "the file is too large: \(limits.maximumSize >> 20) MiB are read at most")
                    ])
                }
                guard status.type != .directory else { throw Errno.isDirectory }
                return try FileHandle(fileDescriptor: descriptor.rawValue, closeOnDealloc: false).readToEnd() ?? Data()
            }
        } catch let error as InvalidConfiguration {
            throw error
        } catch let error as UntrustedFile {
            throw InvalidConfiguration([error.problem])
        } catch {
            throw InvalidConfiguration([unreadable(path, error)])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw InvalidConfiguration([Problem(.file(path.string, line: nil), "is not UTF-8")])
        }
        try YAMLLineBreaks.check(text, of: FileLines(path: path.string, offset: 0))
        let mark = "\u{FEFF}"
        guard text.utf8.starts(with: mark.utf8) else { return ("", text) }
        return (mark, String(decoding: text.utf8.dropFirst(mark.utf8.count), as: UTF8.self))
    }

    /// - Parameter lineOffset: the number to add to a line number of the text to get that of the file.
    init(path: FilePath, text: String, lineOffset: Int = 0) throws(InvalidConfiguration) {
        self.path = path
        self.text = text
        lines = FileLines(path: path.string, offset: lineOffset)
        try YAMLLineBreaks.check(text, of: lines)
        do {
            content = try YamsNode.parse(text)
        } catch {
            let (line, reason) = Self.explain(error)
            throw InvalidConfiguration([Problem(.file(path.string, line: line), "is not YAML: \(reason)")])
        }
    }

    /// The place of `node` in this file.
    func place(of node: YamsNode) -> Problem.Place {
        lines.place(node.line)
    }

    private static func unreadable(_ path: FilePath, _ error: any Error) -> Problem {
        guard (error as? Errno) == .noSuchFileOrDirectory else { return Problem(unreadable: path, error) }
        let isConfiguration = path.lastComponent?.string == "writ.yaml"
        return Problem(
            .file(path.string, line: nil), "there is no such file",
            hint: isConfiguration ? "`writ init` makes a working folder" : nil)
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
