import Foundation
import JOSE
import ServiceFiles
import SystemPackage
import WireText

/// The one place that writes to standard output and standard error. Results go to the first, everything else to the second.
/// Text of others may be anywhere in it, so that nothing is written that controls a terminal.
enum Terminal {
    /// Prints one result. Line feeds in it are the program's own.
    ///
    /// - Parameter consequence: the hint if the text cannot be written after the command has changed something.
    static func print(_ text: String, ifLost consequence: String? = nil) {
        write(Array((VisibleText.lines(text) + "\n").utf8), ifLost: consequence)
    }

    /// Prints one JSON text on a line of its own.
    static func print(_ json: JSONWriter, ifLost consequence: String? = nil) {
        write(VisibleText.json(json.bytes) + [UInt8(ascii: "\n")], ifLost: consequence)
    }

    /// Prints a text that only this program has made, such as a completion script.
    static func printOwn(_ text: String) { write(Array((text + "\n").utf8), ifLost: nil) }

    static func note(_ text: String) {
        // If standard error cannot be written to, there is no other way to report it.
        try? FileHandle.standardError.write(contentsOf: Data((VisibleText.lines(text) + "\n").utf8))
    }

    /// Notes a mistake that does not keep the command from its work.
    static func warn(_ problem: Problem) { warn("\(problem.place): \(problem.message)", hint: problem.hint) }

    static func warn(_ message: String, hint: String? = nil) {
        note("warning: \(VisibleText.line(message))")
        if let hint { note("  hint: \(VisibleText.line(hint))") }
    }

    static func report(_ failure: Failure) {
        note("error: \(VisibleText.line(failure.message))")
        for line in failure.details { note(VisibleText.line(line)) }
        if let hint = failure.hint { note("  hint: \(VisibleText.line(hint))") }
    }

    /// Exits with a failure if the result cannot be written, as to a full disk or a closed pipe.
    private static func write(_ octets: [UInt8], ifLost consequence: String?) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(octets))
        } catch {
            report(Failure("the result could not be written to standard output", hint: consequence))
            exit(1)
        }
    }

    /// Whether a person reads standard output.
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Asks whether to go on, if a person can answer. Without a terminal the command itself is the answer, as for scripts.
    ///
    /// - Throws: if the answer is not yes.
    static func confirm(_ question: String) throws {
        guard canAsk else { return }
        ask("\(question) [y/N] ")
        let answer = Octets(readLine() ?? "").trimmed
        guard answer.isSameIgnoringCase(as: "y") || answer.isSameIgnoringCase(as: "yes") else {
            throw Failure("nothing was changed", hint: "answer y, or give --yes")
        }
    }

    /// Whether a person sees questions and can answer them.
    private static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    private static func ask(_ question: String) {
        try? FileHandle.standardError.write(contentsOf: Data(VisibleText.lines(question).utf8))
    }

    /// Reads a secret from standard input. A person at a terminal is asked for it, and the terminal does not show it.
    static func readSecret(_ name: String, limit: Int) throws -> String {
        guard isatty(STDIN_FILENO) == 1 else { return try readInput(limit: limit) }
        defer { if canAsk { note("") } }
        let line = FileDescriptor.standardInput.withoutEcho {
            // Only now: the answer may come at once.
            if canAsk { ask("\(name): ") }
            return FileHandle.standardInput.availableData
        }
        return try text(line, limit: limit)
    }

    /// Aligns text in columns. Each cell is one line.
    static func table(_ rows: [[String]]) -> String {
        let rows = rows.map { $0.map(VisibleText.line) }
        let widths = rows.reduce(into: [Int]()) { widths, row in
            for (column, cell) in row.enumerated() {
                if column < widths.count {
                    widths[column] = max(widths[column], cell.count)
                } else {
                    widths.append(cell.count)
                }
            }
        }
        let lines = rows.map { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell.padding(toLength: widths[column] + 2, withPad: " ", startingAt: 0)
            }
            return cells.joined()
        }
        return lines.joined(separator: "\n")
    }

    /// Reads a token from standard input, and shows a person at a terminal what the command waits for.
    static func readToken() throws -> String {
        if canAsk { note("Paste the token, press Return, and then Ctrl-D:") }
        return try readInput()
    }

    /// Reads all of standard input, without line ends around it.
    ///
    /// - Parameter limit: the maximum length in octets.
    static func readInput(limit: Int = 64 * 1024) throws -> String {
        var data = Data()
        let most = 16 * 1024
        while data.count <= limit, let chunk = try FileHandle.standardInput.read(upToCount: most) {
            data.append(chunk)
            // There is less only at the end. Reading again would wait for a second Ctrl-D at a terminal.
            guard chunk.count == most else { break }
        }
        return try text(data, limit: limit)
    }

    /// What was read from standard input, without line ends around it.
    private static func text(_ data: Data, limit: Int) throws -> String {
        guard data.count <= limit else { throw Failure("standard input is too long") }
        // Linux drops the rest of a longer line that is typed or pasted at a terminal.
        let longestLine = 4095
        guard isatty(STDIN_FILENO) == 0 || data.split(separator: 0x0A).allSatisfy({ $0.count < longestLine }) else {
            throw Failure(
                "the line is too long: the terminal passes on its first \(longestLine) octets",
                hint: "write it to a file, and read the file with < or an option")
        }
        guard let text = String(validating: data, as: UTF8.self) else { throw Failure("standard input is not UTF-8") }
        return Octets(text).withoutLineEnds.text
    }
}
