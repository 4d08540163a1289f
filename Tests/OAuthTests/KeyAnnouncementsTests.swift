import AccessToken
import OAuth
import Testing

@Suite struct KeyAnnouncementsTests {
    private let now = NumericDate(1_795_000_000)
    private var announcements = KeyAnnouncements(announcement: .seconds(360))

    private func names(_ names: String...) throws -> [KeyFileName] {
        try names.map { try #require(try KeyFileName($0)) }
    }

    @Test mutating func whatIsThereAtTheStartFollowsItsName() throws {
        #expect(
            announcements.starts(of: try names("a.pem", "20300101T000000Z.pem"), now: now).map(\.date) == [
                nil, NumericDate(1_893_456_000),
            ])
    }

    @Test mutating func whatAppearsBesideAWorkingKeyIsHeldBack() throws {
        _ = announcements.starts(of: try names("a.pem"), now: now)
        let later = now + .seconds(10)
        let expected: [NumericDate?] = [nil, later + .seconds(360)]
        #expect(announcements.starts(of: try names("a.pem", "b.pem"), now: later).map(\.date) == expected)
        // And is not held back anew at each look.
        #expect(
            announcements.starts(of: try names("a.pem", "b.pem"), now: later + .seconds(100)).map(\.date) == expected)
    }

    @Test mutating func whatWasAnnouncedInItsNameIsNotHeldBackLonger() throws {
        _ = announcements.starts(of: try names("a.pem"), now: now)
        let start = now + .seconds(3600)
        let starts = announcements.starts(of: try names("a.pem", "\(BasicTime(start)).pem"), now: now)
        #expect(starts.map(\.date) == [nil, start])
    }

    @Test mutating func whatReplacesTheOnlyKeyThatSignsIsNotHeldBack() throws {
        let next = "\(BasicTime(now + .seconds(3600))).pem"
        _ = announcements.starts(of: try names("a.pem", next), now: now)
        let replacement = "\(BasicTime(now)).pem"
        #expect(
            announcements.starts(of: try names(replacement, next), now: now).map(\.date) == [now, now + .seconds(3600)])
    }

    @Test mutating func aHeldBackKeyIsReleasedWhenTheOneThatSignsIsRetired() throws {
        _ = announcements.starts(of: try names("a.pem"), now: now)
        let forced = "\(BasicTime(now)).pem"
        #expect(
            announcements.starts(of: try names("a.pem", forced), now: now).map(\.date) == [nil, now + .seconds(360)])
        #expect(announcements.starts(of: try names(forced), now: now + .seconds(2)).map(\.date) == [now])
    }

    @Test mutating func whatReplacesEveryKeySignsAtOnce() throws {
        _ = announcements.starts(of: try names("a.pem"), now: now)
        #expect(announcements.starts(of: try names("b.pem"), now: now).map(\.date) == [nil])
    }
}
