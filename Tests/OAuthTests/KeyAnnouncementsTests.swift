import AccessToken
import OAuth
import Testing

@Suite struct KeyAnnouncementsTests {
    private let now = NumericDate(1_795_000_000)
    private var announcements = KeyAnnouncements(announcement: .seconds(360))

    /// Keys whose `kid` is the file name, or the part before a colon: `blue:a.pem`.
    private func keys(_ texts: String...) throws -> [NamedKey] {
        try texts.map { text in
            let parts = text.split(separator: ":").map(String.init)
            return NamedKey(try #require(try KeyFileName(parts[parts.count - 1])), keyID: parts[0])
        }
    }

    private mutating func schedule(_ keys: [NamedKey], now: NumericDate) -> [KeySchedule.Entry] {
        announcements.schedule(keys, now: now, retention: .seconds(1320)).entries
    }

    @Test("A key that is in the folder when the server starts begins at the time in its name")
    mutating func whatIsThereAtTheStartFollowsItsName() throws {
        #expect(
            schedule(try keys("a.pem", "20300101T000000Z.pem"), now: now).map(\.since) == [
                nil, NumericDate(1_893_456_000),
            ])
    }

    @Test("A key that appears beside one that signs is held back for one announcement")
    mutating func whatAppearsBesideAWorkingKeyIsHeldBack() throws {
        _ = schedule(try keys("a.pem"), now: now)
        let later = now + .seconds(10)
        let expected: [NumericDate?] = [nil, later + .seconds(360)]
        #expect(schedule(try keys("a.pem", "b.pem"), now: later).map(\.since) == expected)
        // A later check does not hold the key back again.
        #expect(
            schedule(try keys("a.pem", "b.pem"), now: later + .seconds(100)).map(\.since) == expected)
    }

    @Test("A key whose name leaves time for its announcement is not held back longer")
    mutating func whatWasAnnouncedInItsNameIsNotHeldBackLonger() throws {
        _ = schedule(try keys("a.pem"), now: now)
        let start = now + .seconds(3600)
        let starts = schedule(try keys("a.pem", "\(BasicTime(start)).pem"), now: now)
        #expect(starts.map(\.since) == [nil, start])
    }

    @Test("A key that replaces the only key that signs is not held back")
    mutating func whatReplacesTheOnlyKeyThatSignsIsNotHeldBack() throws {
        let next = "\(BasicTime(now + .seconds(3600))).pem"
        _ = schedule(try keys("a.pem", next), now: now)
        let replacement = "\(BasicTime(now)).pem"
        #expect(
            schedule(try keys(replacement, next), now: now).map(\.since) == [now, now + .seconds(3600)])
    }

    @Test("A key that is held back may sign once the signing key is retired")
    mutating func aHeldBackKeyIsReleasedWhenTheOneThatSignsIsRetired() throws {
        _ = schedule(try keys("a.pem"), now: now)
        let forced = "\(BasicTime(now)).pem"
        #expect(
            schedule(try keys("a.pem", forced), now: now).map(\.since) == [nil, now + .seconds(360)])
        #expect(schedule(try keys(forced), now: now + .seconds(2)).map(\.since) == [now])
    }

    @Test("A key that replaces every other key signs at once")
    mutating func whatReplacesEveryKeySignsAtOnce() throws {
        _ = schedule(try keys("a.pem"), now: now)
        #expect(schedule(try keys("b.pem"), now: now).map(\.since) == [nil])
    }

    @Test("Other contents under a known file name are a new key")
    mutating func otherContentsUnderAKnownNameAreANewKey() throws {
        let name = "\(BasicTime(now - .seconds(60))).pem"
        _ = schedule(try keys("blue:a.pem", "green:\(name)"), now: now)
        let later = now + .seconds(10)
        #expect(
            schedule(try keys("blue:a.pem", "red:\(name)"), now: later).map(\.since) == [nil, later + .seconds(360)])
    }

    @Test("A key that had expired counts as a new key")
    mutating func aKeyThatHadExpiredIsANewKey() throws {
        _ = schedule(try keys("blue:a.pem", "green:20200101T000000Z.pem"), now: now)
        let renamed = try keys("green:20200101T000000Z.pem", "blue:\(BasicTime(now)).pem")
        #expect(schedule(renamed, now: now).map(\.since) == [NumericDate(1_577_836_800), now + .seconds(360)])
    }

    @Test("An old key that comes back does not replace the signing key")
    mutating func anOldKeyThatComesBackDoesNotTakeOver() throws {
        let signing = "green:\(BasicTime(now - .seconds(86400))).pem"
        _ = schedule(try keys(signing), now: now)
        let entries = schedule(try keys("blue:a.pem", signing), now: now)
        #expect(entries.map(\.state) == [.expired, .signing])
        #expect(
            schedule(try keys("blue:a.pem", signing), now: now + .seconds(400)).map(\.state) == [.expired, .signing])
    }

    @Test("A published key that is renamed waits only until its announcement ends")
    mutating func aPublishedKeyUnderANewNameWaitsOnlyUntilCachesHaveIt() throws {
        let next = "green:\(BasicTime(now + .seconds(3600))).pem"
        _ = schedule(try keys("blue:a.pem", next), now: now)
        let renamed = "green:\(BasicTime(now)).pem"
        #expect(
            schedule(try keys("blue:a.pem", renamed), now: now + .seconds(10)).map(\.since) == [
                nil, now + .seconds(360),
            ])
        let entries = schedule(try keys("blue:a.pem", renamed), now: now + .seconds(400))
        #expect(entries.map(\.state) == [.published, .signing])
    }

    @Test("Of the keys that are held back, the one that was published first is released")
    mutating func ofHeldBackKeysTheOneKnownLongestIsReleased() throws {
        _ = schedule(try keys("a.pem"), now: now)
        _ = schedule(try keys("a.pem", "b.pem"), now: now)
        let entries = schedule(try keys("b.pem", "c.pem"), now: now + .seconds(300))
        #expect(entries.map(\.state) == [.signing, .next])
    }

    @Test("A clock that was ahead does not hold a key back longer")
    mutating func aClockThatWasAheadHoldsNothingBackLonger() throws {
        let ahead = now + .seconds(86400)
        _ = schedule(try keys("a.pem"), now: ahead)
        _ = schedule(try keys("a.pem", "b.pem"), now: ahead)
        #expect(
            schedule(try keys("a.pem", "b.pem"), now: now).map(\.since) == [nil, now + .seconds(360)])
    }

    @Test("Two file names that Unicode treats as equal are two keys")
    mutating func namesAreComparedOctetForOctet() throws {
        let names = ["20200101T000000Z-\u{E9}.pem", "20200101T000000Z-e\u{301}.pem"]
        #expect(names[0] == names[1])
        let entries = schedule(try keys("blue:\(names[0])", "green:\(names[1])"), now: now)
        #expect(entries.map { Array($0.name.description.utf8) } == names.map { Array($0.utf8) }.reversed())
        #expect(entries.map(\.state) == [.expired, .signing] || entries.map(\.state) == [.published, .signing])
        #expect(Set(entries.map(\.name)).count == 2)
    }
}
