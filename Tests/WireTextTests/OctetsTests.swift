import TestSupport
import Testing
import WireText

@Suite("Text from outside is octets")
struct OctetsTests {
    @Test("A separator counts beside every mark of Unicode", arguments: UnicodeMarks.all)
    func splitsBesideMarks(mark: String) {
        #expect(Octets("a\(mark),\(mark)b").parts(between: ",").map(\.text).count == 2)
        #expect(Octets("a\(mark):\(mark)b").split(at: ":").tail != nil)
        #expect(Octets("a\(mark)=\(mark)b").splitFromRight(at: "=").head != nil)
        #expect(Octets("\(mark);").count(of: ";") == 1)
        #expect(Octets("\(mark);").contains(ascii: ";"))
        #expect(Array(Octets("a\(mark),\(mark)b").eachPart(between: ",")).count == 2)
    }

    @Test("A letter that Unicode takes for another is not the same")
    func comparesOctets() {
        #expect(Octets("\u{212A}").isSameIgnoringCase(as: "k") == false)
        #expect(Octets("\u{212A}").lowercased != "k")
        #expect(Octets("\u{037E}").isSame(as: ";") == false)
        #expect(Octets("\u{1FEF}").isSame(as: "`") == false)
        #expect(Octets("e\u{0301}").isSame(as: "\u{00E9}") == false)
        #expect(Octets("/\u{0301}x").begins(with: "/"))
        #expect(Octets("\u{0600},").ends(with: ","))
    }

    @Test(
        "Texts that Unicode takes for equal are different keys",
        arguments: [("K", "\u{212A}"), (";", "\u{037E}"), ("`", "\u{1FEF}"), ("\u{00E9}", "e\u{0301}")])
    func hashesOctets(first: String, second: String) {
        #expect(first == second)
        #expect(ExactText(first) != ExactText(second))
        #expect(Set([ExactText(first), ExactText(second), ExactText(first)]).count == 2)
        #expect(ExactText(first).hashValue != ExactText(second).hashValue)
        #expect(Octets(first) != Octets(second))
        #expect(Set([Octets(first), Octets(second), Octets("\(first),").dropLast()]).count == 2)
        #expect(Octets(first).hashValue != Octets(second).hashValue)
    }

    @Test("A long text is a key by all of its octets")
    func hashesAllOctets() {
        let texts = (0..<20).flatMap { length in
            [String(repeating: "a", count: length), String(repeating: "a", count: length) + "b"]
        }
        #expect(Set(texts.map(ExactText.init)).count == Set(texts).count)
        #expect(Set(texts.map { ExactText($0).hashValue }).count == Set(texts).count)
    }

    @Test("Letters of ASCII compare in either case")
    func ignoresCase() {
        #expect(Octets("ChunKed").isSameIgnoringCase(as: "chunked"))
        #expect(!Octets("chunke").isSameIgnoringCase(as: "chunked"))
        // 0x40 and 0x60, 0x5B and 0x7B differ by 0x20 and are no letters.
        #expect(!Octets("@[").isSameIgnoringCase(as: "`{"))
        #expect(Octets("ÄB").lowercased == "Äb")
    }

    @Test(
        "RFC 3986 section 2.1: a percent sign and two hexadecimal digits are an octet",
        arguments: [
            ("", ""), ("abc", "abc"), ("p%40ss", "p@ss"), ("%C3%a9", "\u{e9}"), ("%25", "%"), ("%", nil), ("%4", nil),
            ("%4x", nil), ("%ff", nil), ("%\u{0301}40", nil), ("+", "+"),
        ])
    func decodesPercents(text: String, decoded: String?) {
        #expect(Octets(text).percentDecoded == decoded)
    }

    @Test("Spaces and tabs around a text are removed, and no other octets")
    func trims() {
        #expect(Octets(" \t a b\t ").trimmed.text == "a b")
        #expect(Octets(" \t ").trimmed.isEmpty)
        #expect(Octets("\u{00A0}a\r").trimmed.text == "\u{00A0}a\r")
    }

    @Test("Empty parts count")
    func keepsEmptyParts() {
        #expect(Octets("a,,").parts(between: ",").map(\.text) == ["a", "", ""])
        #expect(Octets("").parts(between: ",").map(\.text) == [""])
        #expect(Octets("a,,").eachPart(between: ",").map(\.text) == ["a", "", ""])
        #expect(Octets("").eachPart(between: ",").map(\.text) == [""])
        #expect(Octets("a=b=c").split(at: "=").head.text == "a")
        #expect(Octets("a=b=c").split(at: "=").tail?.text == "b=c")
        #expect(Octets("a=b=c").splitFromRight(at: "=").head?.text == "a=b")
        #expect(Octets("a").split(at: "=").tail == nil)
    }

    @Test(
        "A decimal number has digits of ASCII alone, and fits",
        arguments: [
            ("0", 0), ("007", 7), ("9223372036854775807", Int.max), ("9223372036854775808", nil), ("", nil),
            ("+5", nil),
            ("-1", nil), (" 5", nil), ("5 ", nil), ("\u{0661}", nil),
        ] as [(String, Int?)])
    func readsDecimals(text: String, number: Int?) {
        #expect(Octets(text).decimal == number)
    }

    @Test("Visible ASCII is 0x21 to 0x7E")
    func knowsVisibleASCII() {
        #expect(Octets("/a~!").isVisibleASCII)
        for text in ["/ ", "/\u{7F}", "/\u{80}", "/\t", "/é"] { #expect(!Octets(text).isVisibleASCII) }
    }

    @Test(
        "RFC 9110 section 5.6.4: a separator within quotation marks is text, read from either side",
        arguments: [
            ("a,b", "a", "b"), (#"a="x,y",b"#, #"a="x,y""#, "b"), (#"a,b="x,y""#, "a", #"b="x,y""#),
            (#"a="\",",b"#, #"a="\",""#, "b"), (#"a,b="\",""#, "a", #"b="\",""#),
            (#"a="\\",b="\\""#, #"a="\\""#, #"b="\\""#),
            ("\"\",b", "\"\"", "b"), (",", "", ""),
        ])
    func splitsOutsideQuotes(text: String, head: String, tail: String) throws {
        let fromLeft = try #require(Octets(text).splitOutsideQuotes(at: ","))
        #expect(fromLeft.head.text == head && fromLeft.tail?.text == tail)
        let fromRight = try #require(Octets(text).splitFromRightOutsideQuotes(at: ","))
        #expect(fromRight.head?.text == head && fromRight.tail.text == tail)
    }

    @Test(
        "A text without a separator outside of quotation marks is one part", arguments: ["", "a", #"",""#, #"a="\",""#])
    func oneQuotedPart(text: String) throws {
        let fromLeft = try #require(Octets(text).splitOutsideQuotes(at: ","))
        #expect(fromLeft.head.text == text && fromLeft.tail == nil)
        let fromRight = try #require(Octets(text).splitFromRightOutsideQuotes(at: ","))
        #expect(fromRight.head == nil && fromRight.tail.text == text)
    }

    @Test("Read from the right, the end of a text does not depend on what is before the separator")
    func theEndStandsByItself() throws {
        for start in ["a", "\"", #"a=""#, #"\"#, #"a="\"#, #"\""#, #"x"y"#, "\u{600}", "\u{301}\""] {
            let parts = try #require(Octets(start + #",b="x,y""#).splitFromRightOutsideQuotes(at: ","))
            #expect(parts.head?.text == start)
            #expect(parts.tail.text == #"b="x,y""#)
        }
    }

    @Test("A quoted string that does not end or begin is refused", arguments: [#"a="x,b"#, #"a="x\",b"#, #"a="\"#])
    func unbalancedQuotes(text: String) {
        #expect(Octets(text).splitOutsideQuotes(at: ",") == nil)
        #expect(Octets(#"x",b"#).splitFromRightOutsideQuotes(at: ";") == nil)
    }

    @Test(
        "The content of a quoted string has no backslashes of quoted pairs",
        arguments: [
            (#""a""#, "a"), ("a", "a"), (#""\a\"\\""#, #"a"\"#), ("\"\"", ""), ("", ""), (#"a"b"#, nil), (#""a"#, nil),
            (#""a"b"#, nil), (#""a\""#, nil), (#"a""#, nil), ("\"", nil),
        ] as [(String, String?)])
    func unquotes(text: String, content: String?) {
        #expect(Octets(text).unquoted?.text == content)
    }

    @Test("A separator and a quotation mark count beside every mark of Unicode", arguments: UnicodeMarks.all)
    func quotesBesideMarks(mark: String) throws {
        let text = "a\(mark)=\"\(mark),\(mark)\"\(mark),\(mark)b"
        #expect(try #require(Octets(text).splitOutsideQuotes(at: ",")).tail?.text == "\(mark)b")
        #expect(try #require(Octets(text).splitFromRightOutsideQuotes(at: ",")).tail.text == "\(mark)b")
        #expect(Octets("\"\(mark)\"").unquoted?.text == mark)
    }
}
