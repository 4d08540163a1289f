import AccessToken
import Testing

@testable import OAuth

/// Which list a token names, and which lists there are.
@Suite struct StatusListScheduleTests {
    private static let day: Int64 = 1_795_392_000

    @Test(
        "A token names the last second of the grid, or the last moment of its client that has come",
        arguments: [
            // Seconds after midnight: the issue, the moments, the list.
            (0, [], 0),
            (299, [], 0),
            (300, [], 300),
            (301, [], 300),
            (450, [420], 420),
            (450, [420, 440], 440),
            (450, [420, 451], 420),
            (450, [450], 450),
            (450, [290], 300),
            (450, [9000], 300),
            (600, [599], 600),
        ] as [(Int64, [Int64], Int64)])
    func listOfAToken(issue: Int64, moments: [Int64], list: Int64) {
        let notBefore = NotBefore(moments.map { NumericDate(Self.day + $0) })
        let named = StatusListSchedule.list(forTokenIssuedAt: NumericDate(Self.day + issue), notBefore)
        #expect(named.seconds == Self.day + list)
    }

    @Test(
        "The grid goes on before 1970", arguments: [(-1, -300), (-300, -300), (-301, -600), (0, 0)] as [(Int64, Int64)])
    func gridBefore1970(second: Int64, list: Int64) {
        #expect(StatusListSchedule.gridSecond(at: NumericDate(second)).seconds == list)
    }

    @Test("Every list that a token of a day may name is served, from a minute before its second")
    func servedLists() {
        let now = NumericDate(Self.day + 86400 + 299)
        // A token that was issued a day ago, by the clock of a replica, and the second of the grid before it.
        let oldest = StatusListSchedule.gridSecond(at: now - .seconds(86400))
        #expect(StatusListSchedule.serves(oldest, at: now))
        #expect(StatusListSchedule.serves(now + .seconds(60), at: now))
        #expect(!StatusListSchedule.serves(now + .seconds(61), at: now))
        #expect(!StatusListSchedule.serves(now - .seconds(25 * 3600), at: now))
        let grid = StatusListSchedule.gridSeconds(at: now)
        #expect(grid.first == oldest - .seconds(60) || grid.first == oldest)
        #expect(grid.allSatisfy { StatusListSchedule.serves($0, at: now) && $0.seconds % 300 == 0 })
        #expect(grid.count == 289 || grid.count == 290)
        #expect(grid.last == StatusListSchedule.gridSecond(at: now + .seconds(60)))
    }

    @Test("A list has one URL")
    func urls() {
        let urls = StatusListURLs(below: "https://tokens.example.com/oauth2/status-lists")
        let url = urls.url(of: NumericDate(1_795_392_300))
        #expect(url == "https://tokens.example.com/oauth2/status-lists/1795392300")
        #expect(urls.list(at: url)?.seconds == 1_795_392_300)
        #expect(urls.list(at: "https://tokens.example.com/oauth2/status-lists/0")?.seconds == 0)
        let others = [
            "", "/", "/x", "/01", "/+1", "/-300", "/1.0", "/1795392300/", "/1795392300?a", "/99999999999999999999",
        ]
        for other in others {
            #expect(urls.list(at: "https://tokens.example.com/oauth2/status-lists" + other) == nil, "\(other)")
        }
        #expect(urls.list(at: "https://tokens.example.org/oauth2/status-lists/1795392300") == nil)
    }
}
