import Foundation
import JOSE
import TestSupport
import Testing

@Suite struct JSONReaderTests {
    /// Accepted by the suite and rejected here: an object must not have two members with one name.
    private static let refusedForDuplicates: Set<String> = [
        "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
    ]

    @Test(
        "RFC 8259: the reader agrees with JSONTestSuite, except about duplicate member names",
        .enabled(if: TestVectors.shared("JSONTestSuite") != nil, "../shared/vectors is not on this machine"))
    func agreesWithJSONTestSuite() throws {
        let folder = try #require(TestVectors.shared("JSONTestSuite/test_parsing"))
        let files = try TestVectors.files(in: folder)
        #expect(files.count > 300)
        for file in files {
            let name = file.lastPathComponent
            let isAccepted = (try? JSONReader.read(TestVectors.octets(of: file))) != nil
            if name.hasPrefix("y_") {
                #expect(isAccepted != Self.refusedForDuplicates.contains(name), "\(name)")
            } else if name.hasPrefix("n_") {
                #expect(!isAccepted, "\(name)")
            }
        }
    }

    @Test(
        "RFC 8259: an invalid or ambiguous text is rejected with the reason",
        arguments: [
            (#"{"a":1,"a":2}"#, "a member name used twice"),
            (#"{"a":1,"\u0061":2}"#, "a member name used twice"),
            (#"{"iss":1,"iss":2}"#, "a member name used twice"),
            (#"{"iss":1,"i\u0073s":2}"#, "a member name used twice"),
            (#"{"client_id":1,"client\u005fid":2}"#, "a member name used twice"),
            (#"{"iss"#, "the text ends inside a string"),
            (#"["\ud800"]"#, "a lone surrogate"),
            (#"["\udc00"]"#, "a lone surrogate"),
            (#"["\ud800\u0041"]"#, "a lone surrogate"),
            ("[-]", "not a digit"),
            ("[1e400]", "a number too large"),
            ("[1] ]", "characters after the value"),
            ("[01]", "neither , nor ] after an element"),
            ("\u{FEFF}[]", "not a value"),
            ("", "the text ends before a value"),
        ])
    func refuses(text: String, reason: String) {
        let error = #expect(throws: JSONError.self) { try JSONReader.read(Array(text.utf8)) }
        #expect(error?.reason.description == reason)
    }

    @Test(
        "RFC 8259 section 6: an integer beyond 64 bits keeps its digits, and is written with them",
        arguments: [
            "9223372036854775808", "-9223372036854775809", "18446744073709551615", String(repeating: "9", count: 2000),
        ])
    func longIntegers(digits: String) throws {
        let value = try JSONReader.read(Array(digits.utf8))
        #expect(value == .longInteger(digits))
        #expect(value.integer == nil)
        var writer = JSONWriter()
        writer.value(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == digits)
    }

    @Test(
        "RFC 8259 section 6: an integer of up to 64 bits is one, whatever is after it",
        arguments: [
            "0", "-0", "7", "-7", "999999999999999999", "-99999999999999999", "-999999999999999999",
            "1000000000000000000",
            "9223372036854775807", "-9223372036854775807", "-9223372036854775808",
        ])
    func integers(digits: String) throws {
        let expected = try #require(Int64(digits))
        #expect(try JSONReader.read(Array(digits.utf8)) == .integer(expected))
        #expect(try JSONReader.read(Array("[\(digits),\(digits) ]".utf8)) == [.integer(expected), .integer(expected)])
        // The same digits begin another number.
        let other = try #require(Double(digits))
        for end in [".0", "e0", "E0"] {
            #expect(try JSONReader.read(Array("\(digits)\(end)".utf8)) == .number(other))
        }
    }

    @Test("RFC 8259 section 6: an integer may not begin with a zero", arguments: ["00", "01", "-00", "-01"])
    func leadingZeros(digits: String) {
        #expect(throws: JSONError.self) { try JSONReader.read(Array(digits.utf8)) }
    }

    @Test("RFC 8259 section 8.1: invalid UTF-8 is rejected")
    func refusesInvalidUTF8() {
        for octets: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3]] {
            // Strings with escapes are read in another way.
            for escape in ["", "\\n"] {
                let error = #expect(throws: JSONError.self) {
                    try JSONReader.read([0x22] + octets + Array(escape.utf8) + [0x22])
                }
                #expect(error?.reason.description == "invalid UTF-8")
            }
        }
    }

    @Test("RFC 8259 section 9: arrays nest up to the limit and no deeper")
    func nestsToTheLimitAndNoDeeper() throws {
        let deepest = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        _ = try JSONReader.read(Array(deepest.utf8))
        let error = #expect(throws: JSONError.self) { try JSONReader.read(Array("[\(deepest)]".utf8)) }
        #expect(error?.reason.description == "nested too deep")
        #expect(throws: JSONError.self) { try JSONReader.read(Array(repeating: UInt8(ascii: "["), count: 1_000_000)) }
    }

    @Test(
        "A JSON text is written as it was read",
        arguments: [
            "null", "true", "[]", "{}", #""""#, "0", "-1", "9223372036854775807", "1.5",
            #"{"b":[1,{"a":null}],"a":"x"}"#,
            #""a\"\\\u0000\u001f/é😀""#,
        ])
    func whatIsWrittenReadsBack(text: String) throws {
        let value = try JSONReader.read(Array(text.utf8))
        var writer = JSONWriter()
        writer.value(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    }

    @Test("RFC 8259 section 8.3: member names are compared octet for octet")
    func memberNamesAreComparedOctetForOctet() throws {
        // U+212A KELVIN SIGN and K are one character to Swift, and two to every other reader of the token.
        let object = try JSONReader.read(Array("{\"\u{212A}\":1,\"K\":2}".utf8)).object
        #expect(object?["K"] == .integer(2))
        #expect(object?["\u{212A}"] == .integer(1))
    }

    @Test("RFC 8259 section 4: names with the same beginning are different names, and each finds its own member")
    func similarNames() throws {
        // Names are told apart by their length and first octets; a length has one octet there.
        let names =
            (0...20).map { String(repeating: "a", count: $0) }
            + [7, 8, 254, 255, 256, 257, 262, 263, 264, 511, 512].map { String(repeating: "b", count: $0) }
            + ["iss", "isr", "client_id", "client_ix", "client_", "scope", "scopes"]
            + ["bbbbbbbc", "bbbbbbbbc", "\u{7}b", "\u{6}\u{6}", "\u{0}", "\u{0}\u{0}"]
        let object = JSONObject(names.enumerated().map { JSONObject.Member($1, .integer(Int64($0))) })
        for (index, name) in names.enumerated() { #expect(object[name] == .integer(Int64(index)), "\(name)") }
        #expect(object["c"] == nil)
        // In fewer than 16 members names are compared one by one.
        for (first, second) in zip(names, names.dropFirst()) {
            var writer = JSONWriter()
            writer.object { object in
                object.member(first, "x")
                object.member(second, "y")
            }
            let read = try JSONReader.read(writer.bytes).object
            #expect(read?[first] == "x")
            #expect(read?[second] == "y")
            #expect(throws: JSONError.self) {
                var writer = JSONWriter()
                writer.object { object in
                    object.member(second, "x")
                    object.member(second, "y")
                }
                _ = try JSONReader.read(writer.bytes)
            }
        }
    }
}
