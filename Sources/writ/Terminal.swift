import Foundation
import JOSE

/// Results go to standard output, everything else to standard error.
enum Terminal {
    static func print(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// One JSON text on a line of its own.
    static func print(_ json: JSONWriter) {
        FileHandle.standardOutput.write(Data(json.bytes + [UInt8(ascii: "\n")]))
    }

    static func note(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    static func report(_ failure: Failure) {
        note("error: \(failure.message)")
        if let hint = failure.hint { note("  hint: \(hint)") }
    }

    /// Columns of text, as wide as they need to be.
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

    /// Everything on standard input, without the line break at its end.
    ///
    /// - Parameter limit: octets; more is refused.
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
