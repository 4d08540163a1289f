import Logging
import WireText

/// A line for a terminal: `2026-11-23T09:30:00.123Z info writ: Token issued client_id=reporting scope="a b"`.
///
/// Scalars that control a terminal or reorder its text are written as `\u{1B}`.
struct TextLogLine: LogLine {
    private(set) var octets: [UInt8] = []

    init(_ time: String, _ level: String, _ message: String) {
        octets.reserveCapacity(512)
        octets.append(contentsOf: "\(time) \(level) writ: ".utf8)
        append(message)
    }

    mutating func member(_ name: String, _ value: String) {
        begin(name)
        let isWord = !value.isEmpty && value.utf8.allSatisfy { (0x21...0x7E).contains($0) && !Self.isQuoted($0) }
        guard !isWord else { return octets.append(contentsOf: value.utf8) }
        octets.append(UInt8(ascii: "\""))
        append(value, isQuoted: true)
        octets.append(UInt8(ascii: "\""))
    }

    mutating func member(_ name: String, _ value: Int64) {
        begin(name)
        octets.append(contentsOf: String(value).utf8)
    }

    mutating func member(_ name: String, _ values: [String]) { member(name, values.joined(separator: " ")) }

    mutating func metadata(_ name: String, _ value: Logger.MetadataValue) { member(name, "\(value)") }

    private mutating func begin(_ name: String) {
        octets.append(UInt8(ascii: " "))
        append(name)
        octets.append(UInt8(ascii: "="))
    }

    private static func isQuoted(_ octet: UInt8) -> Bool {
        octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") || octet == UInt8(ascii: "=")
    }

    private mutating func append(_ text: String, isQuoted: Bool = false) {
        for scalar in text.unicodeScalars {
            if isQuoted, scalar == "\"" || scalar == "\\" { octets.append(UInt8(ascii: "\\")) }
            if VisibleText.shows(scalar) {
                octets.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            } else {
                octets.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".utf8)
            }
        }
    }
}
