import Foundation
import JOSE
import Logging
import OAuth
import Synchronization
import Testing

@testable import Telemetry
import WireText

@Suite struct LogTests {
    private func lines(_ body: (inout Logger) -> Void) throws -> [JSONObject] {
        let written = Mutex<[[UInt8]]>([])
        var logger = Logger(label: "writ") { _ in
            JSONLogHandler { line in written.withLock { $0.append(line) } }
        }
        body(&logger)
        return try written.withLock { $0 }.map { line in
            #expect(line.last == UInt8(ascii: "\n"))
            #expect(line.count { $0 == UInt8(ascii: "\n") } == 1)
            return try #require(try JSONReader.read(Array(line.dropLast())).object)
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
        #expect(IPAddress("2001:db8::17")?.description == "2001:db8:0:0:0:0:0:17")
        #expect(IPAddress("::ffff:192.0.2.1")?.description == "192.0.2.1")
    }
}
