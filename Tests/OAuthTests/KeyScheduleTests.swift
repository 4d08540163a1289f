import AccessToken
import OAuth
import Testing

@Suite struct KeyScheduleTests {
    private static func starts(_ names: [String]) throws -> [KeyStart] {
        try names.map { KeyStart(try #require(try KeyFileName($0))) }
    }

    private static func time(_ text: String) throws -> NumericDate {
        try #require(BasicTime(text)).date
    }

    @Test(
        "The schedule gives the next time at which a key changes its state",
        arguments: [
            ("20261122T000000Z", "20261123T000000Z"), ("20261123T000000Z", "20261123T001600Z"),
            ("20261123T001600Z", "20261124T000000Z"), ("20261124T001600Z", nil),
        ])
    func saysWhenSomethingChangesNext(now: String, change: String?) throws {
        let names = ["a.pem", "20261123T000000Z-blue.pem", "20261124T000000Z-green.pem"]
        let schedule = KeySchedule(try Self.starts(names), now: try Self.time(now), retention: .seconds(960))
        #expect(schedule.nextChange == (try change.map { try Self.time($0) }))
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let files: [String]
        let now: String
        /// The states in the order in which the keys sign.
        let states: [KeySchedule.State]
        var testDescription: String { "\(files) at \(now)" }
    }

    @Test(
        "The file names and the time decide the state of each key",
        arguments: [
            Row(files: ["a.pem"], now: "20261123T000000Z", states: [.signing]),
            Row(files: ["20261123T000000Z.pem"], now: "20261122T235959Z", states: [.next]),
            Row(files: ["20261123T000000Z.pem"], now: "20261123T000000Z", states: [.signing]),
            Row(files: ["20261123T000000Z.pem", "a.pem"], now: "20261122T000000Z", states: [.signing, .next]),
            Row(files: ["20261123T000000Z.pem", "a.pem"], now: "20261123T000000Z", states: [.published, .signing]),
            // The retention is 15 minutes and one minute, exact to the second.
            Row(files: ["20261123T000000Z.pem", "a.pem"], now: "20261123T001559Z", states: [.published, .signing]),
            Row(files: ["20261123T000000Z.pem", "a.pem"], now: "20261123T001600Z", states: [.expired, .signing]),
            Row(
                files: ["a.pem", "20261123T000000Z-blue.pem", "20261124T000000Z-green.pem"], now: "20261123T120000Z",
                states: [.expired, .signing, .next]),
            // Two names without a time: their order in time is unknown, so the last name signs.
            Row(files: ["b.pem", "a.pem"], now: "20261123T000000Z", states: [.expired, .signing]),
            Row(files: [], now: "20261123T000000Z", states: []),
        ])
    func states(_ row: Row) throws {
        let schedule = KeySchedule(
            try Self.starts(row.files), now: try Self.time(row.now), retention: .seconds(960))
        #expect(schedule.entries.map(\.state) == row.states)
        #expect(schedule.signing == schedule.entries.first { $0.state == .signing }?.name)
    }

    @Test(
        "A file name gives the kind of its key and the time from which it signs",
        arguments: [
            ("rs256.pem", KeyFileName.Content.signing, nil), ("20261123T093000Z.pem", .signing, 1_795_426_200),
            ("20261123T093000Z-blue.pem", .signing, 1_795_426_200),
            ("20261123T093000Z.pub.pem", .verifying, 1_795_426_200),
            ("old.pub.pem", .verifying, nil), ("a.sealing", .sealing, nil), ("2026.pem", .signing, nil),
        ] as [(String, KeyFileName.Content, Int64?)])
    func readsNames(name: String, content: KeyFileName.Content, start: Int64?) throws {
        let read = try #require(try KeyFileName(name))
        #expect(read.content == content)
        #expect(read.start?.seconds == start)
    }

    @Test(
        "The file name of a key for access tokens may contain its kid",
        arguments: [
            ("kid=abc.pub.pem", "abc"), ("20261123T093000Z-kid=a.b-c_d.pub.pem", "a.b-c_d"), ("old.pub.pem", nil),
            ("kid=abc.pem", "abc"), ("20261123T093000Z-kid=AB:CD.pem", "AB:CD"), ("kid.abc.pem", "abc"),
            ("20261123T093000Z-kid.a.pem", "a"), ("my-kid.pem", nil), ("kid=a.sealing", nil), ("kid.a.sealing", nil),
            ("kid=a.pub.pem.pem", "a.pub.pem"), ("kid.abc.pub.pem", "abc"), ("20261123T093000Z-kid.a.b.pub.pem", "a.b"),
            ("old-kid.pub.pem", nil), ("squid.old.pub.pem", nil),
        ])
    func readsTheKid(name: String, keyID: String?) throws {
        #expect(try KeyFileName(name)?.keyID == keyID)
    }

    @Test(
        "A file name with an empty kid is refused",
        arguments: ["kid=.pub.pem", "kid=.pem", "20261123T093000Z-kid=.pem"])
    func refusesAnEmptyKid(name: String) {
        #expect(throws: InvalidValue.self) { try KeyFileName(name) }
    }

    @Test(
        "A file that is not a key is skipped",
        arguments: ["README.md", ".gitignore", ".hidden.pem", "key", "..data", "key.pem.tmp"])
    func passesOver(name: String) throws {
        #expect(try KeyFileName(name) == nil)
    }

    @Test(
        "A file name that is almost a time is refused",
        arguments: [
            "20261323T093000Z.pem", "20260230T000000Z.pem", "20261123T240000Z.pem", "20261123T09xx00Z.pem",
            "20261123.pem", "20261101T093000Z_blue.pem", "20261101T0930Z.pem", "20261101t093000z.pem",
            "20261101T093000.pem",
        ])
    func refusesNamesThatAreAlmostTimes(name: String) {
        #expect(throws: InvalidValue.self) { try KeyFileName(name) }
    }

    @Test(
        "A time in basic format is a time of the calendar, in both directions",
        arguments: [
            ("19700101T000000Z", 0), ("20000229T235959Z", 951_868_799), ("20261123T202154Z", 1_795_465_314),
            ("21000301T000000Z", 4_107_542_400), ("99991231T235959Z", 253_402_300_799),
        ] as [(String, Int64)])
    func timesAreThoseOfTheCalendar(text: String, seconds: Int64) {
        #expect(BasicTime(text)?.date.seconds == seconds)
        #expect(BasicTime(NumericDate(seconds)).description == text)
    }
}
