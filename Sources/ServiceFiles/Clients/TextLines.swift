/// The lines of a file that is edited. Each keeps its end: a line feed, or a carriage return and a line feed.
struct TextLines {
    private var lines: [TextLine] = []

    init(_ text: String) {
        var octets = text.utf8[...]
        while let feed = octets.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(TextLine(endingWithFeed: octets[..<feed]))
            octets = octets[octets.index(after: feed)...]
        }
        // The last line gets an end.
        if !octets.isEmpty { lines.append(TextLine(String(Substring(octets)), end: lines.last?.end ?? "\n")) }
    }

    var count: Int { lines.count }

    var text: String {
        var text = ""
        for line in lines {
            text += line.text
            text += line.end
        }
        return text
    }

    subscript(index: Int) -> TextLine { lines[index] }

    subscript(range: Range<Int>) -> [TextLine] { Array(lines[range]) }

    var all: [TextLine] { lines }

    mutating func replace(_ range: Range<Int>, with new: [TextLine]) { lines.replaceSubrange(range, with: new) }
}

/// A line of YAML.
struct TextLine {
    /// Without its end.
    let text: String
    let end: String

    init(_ text: String, end: String) {
        self.text = text
        self.end = end
    }

    fileprivate init(endingWithFeed octets: Substring.UTF8View) {
        let isPair = octets.last == UInt8(ascii: "\r")
        text = String(Substring(isPair ? octets.dropLast() : octets))
        end = isPair ? "\r\n" : "\n"
    }

    /// The number of spaces at the beginning.
    var indentation: Int { text.utf8.prefix { $0 == UInt8(ascii: " ") }.count }

    var isBlank: Bool { indentation == text.utf8.count }

    var isComment: Bool { text.utf8.dropFirst(indentation).first == UInt8(ascii: "#") }

    /// Whether it begins with a dash.
    var isElement: Bool { text.utf8.dropFirst(indentation).starts(with: "- ".utf8) }

    /// The comment at the end of the line, with the spaces before it; empty if there is none.
    var comment: String {
        let octets = Array(text.utf8)
        var quote: UInt8?
        var isEscaped = false
        for (index, octet) in octets.enumerated() {
            let previous = index > 0 ? octets[index - 1] : UInt8(ascii: " ")
            if let mark = quote {
                // A backslash takes the meaning from what follows it, between double marks.
                if octet == mark, !isEscaped { quote = nil }
                isEscaped = mark == UInt8(ascii: "\"") && octet == UInt8(ascii: "\\") && !isEscaped
            } else if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "'") {
                // Two single marks within single ones stand for one.
                let isDoubled = octet == UInt8(ascii: "'") && previous == octet
                if " \t[{,:".utf8.contains(previous) || isDoubled { quote = octet }
            } else if octet == UInt8(ascii: "#"), " \t".utf8.contains(previous) {
                let spaces = octets[..<index].reversed().prefix { " \t".utf8.contains($0) }.count
                return String(decoding: octets[(index - spaces)...], as: UTF8.self)
            }
        }
        return ""
    }

    /// The same line with another text before its comment.
    func withText(_ new: String) -> TextLine { TextLine(new + comment, end: end) }
}
