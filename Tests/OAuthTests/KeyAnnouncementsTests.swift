import AccessToken
import OAuth
import Testing

@Suite struct KeyAnnouncementsTests {
    private let now = NumericDate(1_795_000_000)
    private var announcements = KeyAnnouncements(announcement: .seconds(360))

    /// Keys whose kid is their file's name, or what stands before a colon: `blue:a.pem`.
    private func keys(_ texts: String...) throws -> [NamedKey] {
        try texts.map { text in
            let parts = text.split(separator: ":").map(String.init)
            return NamedKey(try #require(try KeyFileName(parts[parts.count - 1])), keyID: parts[0])
        }
    }

    @Test mutating func whatIsThereAtTheStartFollowsItsName() throws {
        #expect(
            announcements.starts(of: try keys("a.pem", "20300101T000000Z.pem"), now: now).map(\.date) == [
                nil, NumericDate(1_893_456_000),
            ])
    }

    @Test mutating func whatAppearsBesideAWorkingKeyIsHeldBack() throws {
        _ = announcements.starts(of: try keys("a.pem"), now: now)
        let later = now + .seconds(10)
        let expected: [NumericDate?] = [nil, later + .seconds(360)]
        #expect(announcements.starts(of: try keys("a.pem", "b.pem"), now: later).map(\.date) == expected)
        // And is not held back anew at each look.
        #expect(
            announcements.starts(of: try keys("a.pem", "b.pem"), now: later + .seconds(100)).map(\.date) == expected)
    }

    @Test mutating func whatWasAnnouncedInItsNameIsNotHeldBackLonger() throws {
        _ = announcements.starts(of: try keys("a.pem"), now: now)
        let start = now + .seconds(3600)
        let starts = announcements.starts(of: try keys("a.pem", "\(BasicTime(start)).pem"), now: now)
        #expect(starts.map(\.date) == [nil, start])
    }

    @Test mutating func whatReplacesTheOnlyKeyThatSignsIsNotHeldBack() throws {
        let next = "\(BasicTime(now + .seconds(3600))).pem"
        _ = announcements.starts(of: try keys("a.pem", next), now: now)
        let replacement = "\(BasicTime(now)).pem"
        #expect(
            announcements.starts(of: try keys(replacement, next), now: now).map(\.date) == [now, now + .seconds(3600)])
    }

    @Test mutating func aHeldBackKeyIsReleasedWhenTheOneThatSignsIsRetired() throws {
        _ = announcements.starts(of: try keys("a.pem"), now: now)
        let forced = "\(BasicTime(now)).pem"
        #expect(
            announcements.starts(of: try keys("a.pem", forced), now: now).map(\.date) == [nil, now + .seconds(360)])
        #expect(announcements.starts(of: try keys(forced), now: now + .seconds(2)).map(\.date) == [now])
    }

    @Test mutating func whatReplacesEveryKeySignsAtOnce() throws {
        _ = announcements.starts(of: try keys("a.pem"), now: now)
        #expect(announcements.starts(of: try keys("b.pem"), now: now).map(\.date) == [nil])
    }

    @Test mutating func otherContentsUnderAKnownNameAreANewKey() throws {
        _ = announcements.starts(of: try keys("blue:a.pem", "green:20200101T000000Z.pem"), now: now)
        let later = now + .seconds(10)
        #expect(
            announcements.starts(of: try keys("blue:a.pem", "red:20200101T000000Z.pem"), now: later).map(\.date) == [
                nil, later + .seconds(360),
            ])
    }

    @Test mutating func aPublishedKeyUnderANewNameIsNotHeldBack() throws {
        let next = "green:\(BasicTime(now + .seconds(3600))).pem"
        _ = announcements.starts(of: try keys("blue:a.pem", next), now: now)
        let renamed = "green:\(BasicTime(now)).pem"
        #expect(
            announcements.starts(of: try keys("blue:a.pem", renamed), now: now + .seconds(10)).map(\.date) == [
                nil, now,
            ])
    }

    @Test mutating func aClockThatWasAheadHoldsNothingBackLonger() throws {
        let ahead = now + .seconds(86400)
        _ = announcements.starts(of: try keys("a.pem"), now: ahead)
        _ = announcements.starts(of: try keys("a.pem", "b.pem"), now: ahead)
        #expect(
            announcements.starts(of: try keys("a.pem", "b.pem"), now: now).map(\.date) == [nil, now + .seconds(360)])
    }
}
