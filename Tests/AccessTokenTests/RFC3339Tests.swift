import Testing

@testable import AccessToken
import WireText

@Suite struct RFC3339Tests {
    @Test(
        "RFC 3339 section 5.6: a date is read as the moment that was written",
        arguments: [
            ("0000-01-01T00:00:00Z", -62_167_219_200), ("1969-12-31T23:59:59Z", -1), ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799), ("2026-11-23T20:21:54Z", 1_795_465_314),
            ("2100-03-01T00:00:00Z", 4_107_542_400), ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Int64)])
    func writesAndReads(text: String, seconds: Int64) throws {
        #expect(NumericDate(seconds).rfc3339 == text)
        #expect(try NumericDate(rfc3339: text).seconds == seconds)
    }

    @Test(
        "RFC 3339 section 5.6: letters in either case, a fraction and an offset are read",
        arguments: [
            ("1970-01-01t00:00:01z", 1), ("1970-01-01T00:00:01.999Z", 1), ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T23:30:00.0-00:30", 0), ("1970-01-01T00:00:00-00:00", 0),
        ] as [(String, Int64)])
    func readsTheWholeGrammar(text: String, seconds: Int64) throws {
        #expect(try NumericDate(rfc3339: text).seconds == seconds)
    }

    @Test(
        "RFC 3339 section 5.6: any other text is rejected",
        arguments: [
            "", "2027-01-01", "2027-01-01T00:00:00", "2027-01-01 00:00:00Z", "2027-01-01T00:00Z", "2027-1-1T00:00:00Z",
            "2027-02-29T00:00:00Z", "2027-13-01T00:00:00Z", "2027-00-01T00:00:00Z", "2027-01-01T24:00:00Z",
            "2027-01-01T00:60:00Z", "2016-12-31T23:59:60Z", "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00Zx",
            "2027-01-01T00:00:00+1:00", "2027-01-01T00:00:00+24:00", "2027-01-01T00:00:00+01:60",
            "2027-01-01T00:00:00+0100", "+027-01-01T00:00:00Z", "20270101T000000Z", "２027-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z", "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01",
        ])
    func refusesAllElse(text: String) {
        #expect(throws: InvalidValue.self) { try NumericDate(rfc3339: text) }
    }

    @Test("A date outside the years 0 to 9999 is written as the nearest one within them")
    func writesTheNearest() {
        #expect(NumericDate(.max).rfc3339 == "9999-12-31T23:59:59Z")
        #expect(NumericDate(.min).rfc3339 == "0000-01-01T00:00:00Z")
    }

    @Test("Each day of 400 years follows the day before it")
    func daysFollowOneAnother() {
        var previous = CivilTime(secondsSince1970: -86400)
        for day in 0..<146_097 as Range<Int64> {
            let time = CivilTime(secondsSince1970: day * 86400)
            let isNext = time.day == previous.day + 1 && time.month == previous.month && time.year == previous.year
            let isFirst = time.day == 1 && (time.month == previous.month + 1 || time.month == 1 && previous.month == 12)
            #expect(isNext || isFirst)
            #expect(time.secondsSince1970 == day * 86400)
            previous = time
        }
    }
}
