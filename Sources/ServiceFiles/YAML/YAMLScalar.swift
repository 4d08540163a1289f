import JOSE
import WireText

/// Writes text as a YAML scalar that reads back as the same text.
enum YAMLScalar {
    /// Plain if that is certainly safe, otherwise in double quotes.
    static func write(_ text: String) -> String {
        isPlain(text) ? text : quoted(text)
    }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, ASCII.isLetter(first), text.utf8.last != UInt8(ascii: " ") else {
            return false
        }
        guard !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(text.lowercased()) else {
            return false
        }
        return text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || " ._-/".utf8.contains($0) }
            || isPlainURI(text)
    }

    /// A colon is safe if no space follows it.
    private static func isPlainURI(_ text: String) -> Bool {
        text.hasPrefix("https://")
            && text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "._-/:~".utf8.contains($0) }
            && !text.hasSuffix(":")
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _
            where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar == "\u{2028}"
                || scalar == "\u{2029}" || scalar == "\u{FEFF}" || scalar == "\u{FFFE}" || scalar == "\u{FFFF}":
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
