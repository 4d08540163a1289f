import Testing
import WireText

@Suite("Text of others does nothing on a terminal")
struct VisibleTextTests {
    /// C0 without the line feed, DEL, C1, marks that reorder text, separators of lines, and what is not seen at all.
    private static let hidden: [Unicode.Scalar] = [
        "\u{0}", "\u{7}", "\u{8}", "\t", "\r", "\u{1B}", "\u{7F}", "\u{80}", "\u{85}", "\u{9B}", "\u{9D}", "\u{AD}",
        "\u{61C}", "\u{200B}", "\u{200E}", "\u{200F}", "\u{2028}", "\u{2029}", "\u{202A}", "\u{202B}", "\u{202C}",
        "\u{202D}", "\u{202E}", "\u{2060}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}", "\u{FEFF}", "\u{E000}",
        "\u{E0041}",
    ]

    @Test("A scalar that controls a terminal, reorders its text or ends its line is escaped", arguments: hidden)
    func escapes(scalar: Unicode.Scalar) {
        let expected = "a\\u{\(String(scalar.value, radix: 16, uppercase: true))}b"
        #expect(VisibleText.line("a\(scalar)b") == expected)
        #expect(VisibleText.lines("a\(scalar)b") == expected)
    }

    @Test("A line feed of others ends no line, and one of the program's own does")
    func keepsItsOwnLines() {
        #expect(VisibleText.line("a\nerror: b") == "a\\u{A}error: b")
        #expect(VisibleText.lines("a\nb") == "a\nb")
        #expect(VisibleText.lines("a\r\nb") == "a\\u{D}\nb")
    }

    @Test("Letters of all scripts stay", arguments: ["", "abc ~", "Füße", "日本語", "e\u{301}", "🔑", "\u{5D0}\u{5D1}"])
    func keepsLetters(text: String) {
        #expect(VisibleText.line(text).utf8.elementsEqual(text.utf8))
        #expect(VisibleText.json(Array(text.utf8)) == Array(text.utf8))
    }

    @Test(
        "RFC 8259 section 7: JSON means the same with what is escaped in it",
        arguments: [
            ("{\"a\":\"\u{9B}2J\"}", #"{"a":"\u009b2J"}"#), ("[\"\u{202E}\"]", #"["\u202e"]"#),
            ("[\"\u{7F}\u{2028}\"]", #"["\u007f\u2028"]"#), ("[\"\u{E0041}\"]", #"["\udb40\udc41"]"#),
            ("{\n  \"é\": 1\n}", "{\n  \"é\": 1\n}"),
        ])
    func escapesJSON(text: String, escaped: String) {
        #expect(String(decoding: VisibleText.json(Array(text.utf8)), as: UTF8.self) == escaped)
    }
}
