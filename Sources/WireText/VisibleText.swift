/// Text of others on a terminal. Scalars that control the terminal, reorder its text or end its line are written as
/// `\u{1B}`, so that they show and do nothing.
package enum VisibleText {
    /// Whether a terminal shows the scalar as a character in its place.
    package static func shows(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (0x20...0x7E).contains(scalar.value) }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    /// One line: its line ends are escaped too.
    package static func line(_ text: String) -> String { escape(text, keepsLineFeeds: false) }

    /// Text whose line feeds are the program's own.
    package static func lines(_ text: String) -> String { escape(text, keepsLineFeeds: true) }

    /// The same JSON text with `\u001b` for what a terminal does not show. Outside of strings a JSON text has no such
    /// scalar, so that it means the same to programs.
    package static func json(_ text: [UInt8]) -> [UInt8] {
        guard !isVisibleASCII(text.span) else { return text }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.count + 64)
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            // A line feed stands between the values of an indented text.
            guard !shows(scalar), scalar != "\n" else {
                escaped.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
                continue
            }
            // RFC 8259 section 7: a scalar beyond U+FFFF is a surrogate pair.
            for unit in String(scalar).utf16 {
                escaped.append(contentsOf: "\\u".utf8)
                for shift in [12, 8, 4, 0] { escaped.append(ASCII.hexDigit(UInt8(unit >> UInt16(shift) & 15))) }
            }
        }
        return escaped
    }

    private static func escape(_ text: String, keepsLineFeeds: Bool) -> String {
        if isVisibleASCII(text.utf8.span) { return text }
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if shows(scalar) || keepsLineFeeds && scalar == "\n" {
                escaped.append(scalar)
            } else {
                escaped.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            }
        }
        return String(escaped)
    }

    private static func isVisibleASCII(_ octets: Span<UInt8>) -> Bool {
        for index in octets.indices where !(0x20...0x7E).contains(octets[index]) { return false }
        return true
    }
}
