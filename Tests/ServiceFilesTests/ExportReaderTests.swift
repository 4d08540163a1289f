import JOSE
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct ExportReaderTests {
    private static let shape = ExportShape(
        document: ["id", "name"],
        lists: [
            ExportShape.List("clients", ["id", "deep"]),
            ExportShape.List("users", ["account", "id"], needed: "account"),
        ])

    /// What is read of a text that arrives in pieces, as lines of list and JSON.
    private static func read(_ text: [UInt8], pieces size: Int = 7) throws(ExportFault) -> [String] {
        var lines: [String] = []
        var rest = text[...]
        let stream = OctetStream { () throws(ExportFault) in
            defer { rest = rest.dropFirst(size) }
            return Array(rest.prefix(size))
        }
        var reader = ExportReader(stream, shape)
        try reader.read { (item) throws(ExportFault) in
            var writer = JSONWriter()
            writer.value(.object(item.object))
            lines.append("\(item.list ?? "-") \(String(decoding: writer.bytes, as: UTF8.self))")
        }
        return lines
    }

    private static func reason(_ text: String) -> String? {
        do throws(ExportFault) {
            _ = try read(Array(text.utf8))
            return nil
        } catch {
            guard case .malformed(let reason, _) = error else { return "unreadable" }
            return reason
        }
    }

    @Test("The text may come in pieces of any size", arguments: [1, 2, 3, 5, 8, 1000])
    func readsInPieces(size: Int) throws {
        let text = #"""
             { "other": [1, {"clients": [{"id": "no"}]}, "a\"\\\u0041"], "id" : "a" ,
             "clients":[ {"id":"one","skipped":{"id":"no"},"deep":[{"x":"\u00e9\ud83d\ude00"}]} , {"id":"two"}, {} ],
             "users": [{"id":"u1"},{"id":"u2","account":"one"}], "name": null, "last": -1.5e3 } 
            """#
        let lines = try Self.read(Array(text.utf8), pieces: size)
        #expect(
            lines == [
                #"clients {"id":"one","deep":[{"x":"é😀"}]}"#, #"clients {"id":"two"}"#,
                #"users {"id":"u2","account":"one"}"#,
                #"- {"id":"a","name":null}"#,
            ])
    }

    @Test(
        "A file holds one object, several in a row, or an array of them",
        arguments: [
            #"{"id":1}{"id":2}"#, "{\"id\":1}\n{\"id\":2}\n", #"[{"id":1},{"id":2}]"#, #"[{"id":1}] [{"id":2}]"#,
        ])
    func readsSequences(text: String) throws {
        #expect(try Self.read(Array(text.utf8)) == [#"- {"id":1}"#, #"- {"id":2}"#])
    }

    @Test(
        "What is not JSON is refused, also in what is skipped",
        arguments: [
            ("", "the file is empty"), (" \n", "the file is empty"), ("clients:", "not an object"),
            ("[1]", "not an object"), ("{\"id\":1", "neither , nor } after a member"),
            ("{\"id\"", "no : after a member name"),
            ("{\"id\":", "the text ends before a value"), ("{\"id\":\"a", "the text ends inside a string"),
            ("{\"x\":\"a", "the text ends inside a string"), ("{\"x\":[1,2", "neither , nor ] after a value"),
            ("{\"x\":{\"y\":1]}", "neither , nor } after a value"), ("{\"x\":[1,]}", "not a value"),
            ("{\"x\":{,}}", "not a member name"), ("{\"x\":{\"y\":1,}}", "not a member name"),
            ("{\"x\":01}", "not a value"),
            ("{\"x\":tru}", "not a value"), ("{\"x\":}", "not a value"), ("{\"x\":\"\\q\"}", "an unknown escape"),
            ("{\"x\":\"\\u00g0\"}", "not four hexadecimal digits"),
            ("{\"x\":\"\n\"}", "a control character inside a string"),
            ("{\"id\":1}x", "not an object"), ("[{\"id\":1}", "neither , nor ] after an element"),
            ("[{\"id\":1},]", "not an object"), ("{\"clients\":[1]}", "not an object"),
            ("{\"clients\":[],\"clients\":[]}", "a member name used twice"), ("{,}", "not a member name"),
        ])
    func refusesOthers(text: String, reason: String) {
        #expect(Self.reason(text) == reason)
    }

    @Test("A member that counts is there once, also if one is written with escapes")
    func refusesRepetitions() {
        #expect(Self.reason(#"{"id":1,"id":2}"#)?.contains("a member name used twice") == true)
        #expect(Self.reason(#"{"clients":[{"id":1,"\u0069d":2}]}"#)?.contains("a member name used twice") == true)
        #expect(Self.reason(#"{"x":1,"x":2}"#) == nil)
    }

    @Test("Names are compared octet for octet", arguments: UnicodeMarks.all)
    func comparesOctets(mark: String) throws {
        let text = #"{"id\#(mark)":1,"\#(mark)clients":[{"id":2}],"name":3}"#
        #expect(try Self.read(Array(text.utf8)) == [#"- {"name":3}"#])
    }

    @Test("A separator is one whatever stands beside it", arguments: UnicodeMarks.all)
    func findsSeparators(mark: String) throws {
        let text = #"{"x":"\#(mark)","name":"\#(mark)","y":["\#(mark)"]}"#
        #expect(try Self.read(Array(text.utf8)) == [#"- {"name":"\#(mark)"}"#])
        #expect(Self.reason(#"{"x":1\#(mark),"name":2}"#) != nil)
    }

    @Test("Nesting is bounded, in what is skipped and in what is kept")
    func boundsNesting() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(Self.reason("{\"x\":\(nested(64))}") == nil)
        #expect(Self.reason("{\"x\":\(nested(65))}") == "nested too deep")
        #expect(Self.reason("{\"name\":\(nested(40))}")?.contains("nested too deep") == true)
        #expect(Self.reason("{\"x\":" + String(repeating: "[", count: 1_000_000)) == "nested too deep")
    }

    @Test("An entry has a mebioctet at most; what is skipped may be of any length")
    func boundsEntries() throws {
        let long = String(repeating: "a", count: 2 << 20)
        #expect(Self.reason("{\"clients\":[{\"id\":\"\(long)\"}]}") == "an entry with more than a mebioctet")
        let text = "{\"clients\":[{\"x\":\"\(long)\",\"\(long)\":1,\"id\":1}]}"
        #expect(try Self.read(Array(text.utf8), pieces: 100_000) == [#"clients {"id":1}"#])
        #expect(Self.reason("{\"x\":" + String(repeating: "1", count: 2000) + "}") == "a number too long")
    }

    @Test("UTF-8 is checked in what is kept")
    func checksUTF8() throws {
        let invalid: [UInt8] = Array(#"{"name":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
        #expect(throws: ExportFault.self) { try Self.read(invalid) }
    }

    @Test("The work grows with the length of the text, not faster")
    func isLinear() {
        let growth = Effort.growth(
            { count in
                Array(
                    ("{\"users\":["
                        + Array(repeating: #"{"id":"user","a":[1,true,"b\n"]}"#, count: count).joined(separator: ",")
                        + "]}").utf8)
            }, from: 200
        ) { text in _ = try? Self.read(text, pieces: 65536) }
        #expect(growth < 64)
    }

    /// What `JSONReader` refuses in a text as a whole and this reader does not see in what it skips; and a second value.
    private static let seenByJSONReaderAlone = [
        "a member name used twice", "invalid UTF-8", "a lone surrogate", "nested too deep", "a number too large",
        "characters after the value",
    ]

    @Test("A text with changed octets is read alike in pieces of any size, and refused as JSONReader refuses it")
    func agreesWithJSONReader() throws {
        let text = Array(
            #"{"id":"a\u00e9","x":{"y":[1,-2.5e3,true,null,"\"",{}]},"clients":[{"id":1,"deep":[[]]},{}],"users":[{"account":1}]}"#
                .utf8)
        let alphabet = Array(#"{}[]":,\u0eE+-.tfn a"#.utf8) + [0x00, 0x1F, 0x80, 0xC3, 0xFF]
        var generator = SeededGenerator(seed: 25)
        var accepted = 0
        for _ in 0..<3000 {
            var changed = text
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: 0..<changed.count, using: &generator)
                let octet = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: changed[index] = octet
                case 1: changed.insert(octet, at: index)
                default: changed.remove(at: index)
                }
            }
            let lines = try? Self.read(changed, pieces: 1)
            #expect(lines == (try? Self.read(changed, pieces: 1000)))
            guard lines != nil else { continue }
            accepted += 1
            do throws(JSONError) { _ = try JSONReader.read(changed) } catch {
                #expect(
                    Self.seenByJSONReaderAlone.contains("\(error.reason)"),
                    "\(String(decoding: changed, as: UTF8.self))")
            }
        }
        #expect(accepted > 100)
    }
}
