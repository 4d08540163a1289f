import Foundation
import JOSE

/// Results go to standard output, everything else to standard error.
enum Terminal {
    /// Prints one result.
    ///
    /// - Parameter consequence: the hint if the text cannot be written after the command has changed something.
    static func print(_ text: String, ifLost consequence: String? = nil) {
        write(Data((text + "\n").utf8), ifLost: consequence)
    }

    /// Prints one JSON text on a line of its own.
    static func print(_ json: JSONWriter, ifLost consequence: String? = nil) {
        write(Data(json.bytes + [UInt8(ascii: "\n")]), ifLost: consequence)
    }

    static func note(_ text: String) {
        // If standard error cannot be written to, there is no other way to report it.
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Exits with a failure if the result cannot be written, as to a full disk or a closed pipe.
    private static func write(_ data: Data, ifLost consequence: String?) {
        do {
            try FileHandle.standardOutput.write(contentsOf: data)
        } catch {
            report(Failure("the result could not be written to standard output", hint: consequence))
            exit(1)
        }
    }

    static func report(_ failure: Failure) {
        note("error: \(failure.message)")
        if let hint = failure.hint { note("  hint: \(hint)") }
    }

    /// Aligns text in columns.
    static func table(_ rows: [[String]]) -> String {
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

    /// Reads all of standard input, without line breaks at its end.
    ///
    /// - Parameter limit: the maximum length in octets.
    static func readInput(limit: Int = 64 * 1024) throws -> String {
        var data = Data()
        while data.count <= limit, let chunk = try FileHandle.standardInput.read(upToCount: 16 * 1024), !chunk.isEmpty {
            data.append(chunk)
        }
        guard data.count <= limit else { throw Failure("standard input is too long") }
        guard let text = String(validating: data, as: UTF8.self) else { throw Failure("standard input is not UTF-8") }
        return text.trimmingCharacters(in: .newlines)
    }
}
