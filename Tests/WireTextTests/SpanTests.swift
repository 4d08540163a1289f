import Testing
import WireText

@Suite("Octets are compared eight at a time as one by one")
struct SpanTests {
    @Test("Texts are the same only if each octet is", arguments: 0...25)
    func isSame(length: Int) {
        let text = (0..<length).map { UInt8($0) }
        #expect(Self.areSame(text, text))
        #expect(!Self.areSame(text, text + [0]))
        #expect(!Self.areSame(text + [0], text))
        for place in text.indices {
            for bit in 0..<8 {
                var other = text
                other[place] ^= 1 << bit
                #expect(!Self.areSame(text, other), "bit \(bit) of octet \(place)")
            }
        }
    }

    private static func areSame(_ first: [UInt8], _ second: [UInt8]) -> Bool { first.span.isSame(as: second.span) }

    @Test("The last dot of a text is found beside every other octet", arguments: 0...25)
    func lastIndex(length: Int) {
        let dot = UInt8(ascii: ".")
        for octet in UInt8.min...UInt8.max {
            var text = [UInt8](repeating: octet, count: length)
            #expect(text.span.lastIndex(of: dot) == text.lastIndex(of: dot), "octet \(octet)")
            for place in text.indices {
                text[place] = dot
                #expect(text.span.lastIndex(of: dot) == text.lastIndex(of: dot), "octet \(octet), dot \(place)")
                text[place] = octet
            }
        }
    }

    @Test("Plain text ends before each octet that does not stand for itself, and before no other", arguments: 0...25)
    func plainText(length: Int) {
        func isPlain(_ octet: UInt8) -> Bool { octet >= 0x20 && octet != 0x22 && octet != 0x5C }
        for octet in UInt8.min...UInt8.max {
            for filler in [UInt8(ascii: "a"), 0x20, 0x21, 0x23, 0x5D, 0x7F, 0x80, 0xA2, 0xDC, 0xFF] {
                var text = [UInt8](repeating: filler, count: length)
                for place in text.indices {
                    text[place] = octet
                    let expected = isPlain(octet) ? length : place
                    #expect(text.span.plainTextCount == expected, "octet \(octet) at \(place), else \(filler)")
                    text[place] = filler
                }
            }
        }
    }

    @Test(
        "A text is not the same as one that Unicode takes for equal",
        arguments: [("K", "\u{212A}"), (";", "\u{037E}"), ("\u{00E9}", "e\u{0301}")])
    func isSameText(first: String, second: String) {
        #expect(first == second)
        #expect(!first.isSameText(as: second))
        #expect(!second.isSameText(as: first))
        #expect(first.isSameText(as: first))
    }
}
