import Foundation
import JOSE
import Logging
import OAuth
import Synchronization
import Testing

@testable import Telemetry
import WireText

@Suite struct LogTests {
    private func written(_ format: LogFormat, _ body: (inout Logger) -> Void) -> [[UInt8]] {
        let written = Mutex<[[UInt8]]>([])
        var logger = Logger(label: "writ") { _ in
            ServiceLogHandler(format) { line in written.withLock { $0.append(line) } }
        }
        body(&logger)
        return written.withLock { $0 }
    }

    private func lines(_ body: (inout Logger) -> Void) throws -> [JSONObject] {
        try written(.json, body).map { line in
            #expect(!line.contains(UInt8(ascii: "\n")))
            return try #require(try JSONReader.read(line).object)
        }
    }

    @Test("Each log event is a JSON object on one line, and metadata cannot replace time, level or message")
    func eachEventIsAnObjectInALine() throws {
        let lines = try lines { logger in
            logger.info(
                "Line\nbreak", metadata: ["client_id": "a\"b", "count": .stringConvertible(3), "audience": ["x", "y"]])
            logger.debug("not written")
            logger[metadataKey: "always"] = "there"
            logger.error("second", metadata: ["time": "must not win", "nested": ["b": "2", "a": "1"]])
        }
        #expect(lines.count == 2)
        #expect(lines[0].members.map(\.name) == ["time", "level", "message", "audience", "client_id", "count"])
        #expect(lines[0]["message"] == .string("Line\nbreak"))
        #expect(lines[0]["client_id"] == .string("a\"b"))
        #expect(lines[0]["count"] == .integer(3))
        #expect(lines[0]["audience"] == .array([.string("x"), .string("y")]))
        #expect(lines[1]["level"] == .string("error"))
        #expect(lines[1]["always"] == .string("there"))
        #expect(lines[1]["time"] != .string("must not win"))
        #expect(lines[1]["nested"]?.object?.members.map(\.name) == ["a", "b"])
        let time = try #require(lines[0]["time"]?.string)
        #expect(time.wholeMatch(of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/) != nil, "\(time)")
    }

    private struct Fields: LogFields {
        func write(to line: inout some LogLine) {
            line.member("audience", ["x", "y"])
            line.member("client_id", "a b")
            line.member("status", 400)
        }
    }

    @Test("Fields that are written straight into the line stand before other metadata")
    func fieldsAreWrittenStraight() throws {
        let lines = try lines { logger in
            logger.info("m", metadata: Fields().metadata)
            logger.info("m", metadata: Fields().metadata.merging(["always": "there"]) { $1 })
        }
        let fields = ["time", "level", "message", "audience", "client_id", "status"]
        #expect(lines.map { $0.members.map(\.name) } == [fields, fields + ["always"]])
        #expect(lines[0]["audience"] == .array([.string("x"), .string("y")]))
        #expect(Fields().description == #"{"audience":["x","y"],"client_id":"a b","status":400}"#)
    }

    @Test("On a terminal an event is a line with its message before its fields")
    func aTerminalGetsText() throws {
        let lines = written(.text) { logger in
            logger.info("Token issued", metadata: Fields().metadata)
            logger.warning("Later", metadata: ["n": .stringConvertible(3), "empty": "", "list": ["a", "b"]])
        }.map { String(decoding: $0, as: UTF8.self) }
        #expect(lines[0].hasSuffix(#"Z info writ: Token issued audience="x y" client_id="a b" status=400"#))
        #expect(lines[1].contains(#" writ: Later empty="" list="#))
        #expect(lines[1].hasSuffix(" n=3"))
    }

    @Test(
        "Nothing in a line controls the terminal that shows it",
        arguments: [
            ("\u{1B}[2J", #""\u{1B}[2J""#), ("a\r\nb", #""a\u{D}\u{A}b""#), ("\u{9B}1m", #""\u{9B}1m""#),
            ("\u{202E}abc", #""\u{202E}abc""#), ("\u{7F}", #""\u{7F}""#), ("\u{2028}", #""\u{2028}""#),
            (#"a"b\c"#, #""a\"b\\c""#), ("a=b", #""a=b""#), ("grün", #""grün""#), ("plain", "plain"),
        ])
    func nothingControlsTheTerminal(value: String, written expected: String) throws {
        let lines = written(.text) { $0.info("m", metadata: ["value": "\(value)"]) }
        #expect(String(decoding: lines[0], as: UTF8.self).hasSuffix(" m value=\(expected)"))
        let message = written(.text) { $0.info("\(value)") }
        #expect(!message[0].contains { $0 < 0x20 || $0 == 0x7F })
    }

    @Test(
        "RFC 3339 section 5.6: the log's times are in UTC with milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399.999, "2000-02-28T23:59:59.999Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"), (1_795_425_001.25, "2026-11-23T09:10:01.250Z"),
            (4_102_444_799.5, "2099-12-31T23:59:59.500Z"), (-5, "1970-01-01T00:00:00.000Z"),
        ] as [(Double, String)])
    func timesAreWrittenAsRFC3339Says(seconds: Double, text: String) throws {
        #expect(LogTime(Date(timeIntervalSince1970: seconds)).text == text)
        guard seconds >= 0 else { return }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        #expect(abs(try style.parse(text).timeIntervalSince1970 - seconds) < 0.001)
    }

    @Test("An IP address is written in its usual notation, and an IPv4-mapped one as IPv4")
    func addressesAreWrittenAsPeopleWriteThem() {
        #expect(IPAddress("192.0.2.1")?.description == "192.0.2.1")
        #expect(IPAddress("2001:db8::17")?.description == "2001:db8::17")
        #expect(IPAddress("::ffff:192.0.2.1")?.description == "192.0.2.1")
    }
}
