import AccessToken
import TestSupport
import Testing

@testable import OAuth

/// What status lists say, whatever the history of commands and of replicas that read the file late.
@Suite struct StatusListPropertyTests {
    /// The clients file at one time.
    private struct Version {
        var own: [NotBefore]
        var everybody = NotBefore.never

        func notBefore(_ client: Int) -> NotBefore { own[client].union(everybody) }

        func lists(_ ids: [ClientID]) throws -> StatusLists {
            let clients = try ids.indices.map { index in
                try Client(
                    id: ids[index], identities: [], notBefore: TokensNotBefore(accessTokens: notBefore(index)),
                    statusIndex: index == 0 ? 5 : nil)
            }
            return try StatusLists(clients, removed: [])
        }
    }

    /// A command that revoked: of which client (`nil`: of all), what is older than which moment, and the version that says so.
    private struct Revocation {
        let client: Int?
        let moment: NumericDate
        let version: Int
    }

    private struct Token {
        let client: Int
        let issuedAt: NumericDate
        let list: NumericDate
        /// The version that the replica had read.
        let version: Int
    }

    private struct History {
        let ids: [ClientID]
        var now = NumericDate(1_795_392_000)
        var versions: [Version]
        var lists: [StatusLists]
        var revocations: [Revocation] = []
        var tokens: [Token] = []
        /// The version that each replica has read.
        var replicas = [0, 0, 0]

        init(_ ids: [ClientID]) throws {
            self.ids = ids
            versions = [Version(own: ids.map { _ in .never })]
            lists = [try versions[0].lists(ids)]
        }

        mutating func step(_ random: inout SeededGenerator) throws {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: now = now + .seconds(Int64.random(in: 1...400, using: &random))
            case 1, 2: now = now + .seconds(Int64.random(in: 0...2, using: &random))
            case 3: try revoke(Int.random(in: 0..<ids.count, using: &random), &random)
            case 4: if Int.random(in: 0..<4, using: &random) == 0 { try revoke(nil, &random) }
            case 5, 6: replicas[Int.random(in: 0..<3, using: &random)] = versions.count - 1
            default: issue(Int.random(in: 0..<ids.count, using: &random), by: Int.random(in: 0..<3, using: &random))
            }
        }

        private mutating func revoke(_ client: Int?, _ random: inout SeededGenerator) throws {
            let moment = now + .seconds([1, 1, 90, 7].randomElement(using: &random) ?? 1)
            var version = versions[versions.count - 1]
            if let client {
                version.own[client] = version.own[client].adding(moment, now: now)
            } else {
                version.everybody = version.everybody.adding(moment, now: now)
            }
            versions.append(version)
            lists.append(try version.lists(ids))
            revocations.append(Revocation(client: client, moment: moment, version: versions.count - 1))
        }

        private mutating func issue(_ client: Int, by replica: Int) {
            let version = replicas[replica]
            let list = StatusListSchedule.list(forTokenIssuedAt: now, versions[version].notBefore(client))
            tokens.append(Token(client: client, issuedAt: now, list: list, version: version))
        }

        /// The revocations of a client that a version says and whose time has come.
        func revocations(of client: Int, _ version: Int) -> [Revocation] {
            revocations.filter { ($0.client ?? client) == client && $0.version <= version && $0.moment <= now }
        }

        /// Whether a replica with this version accepts a token that was revoked, or refuses one for nothing.
        func isMistaken(about token: Token, _ places: [Int], _ version: Int) -> Bool {
            let said = revocations(of: token.client, version)
            let isShownRevoked = lists[version].isRevoked(Int64(places[token.client]), in: token.list, at: now)
            if said.contains(where: { token.issuedAt < $0.moment }) { return !isShownRevoked }
            // Its replica had not read that revocation when it issued the token.
            return isShownRevoked && !said.contains { $0.version > token.version && token.list < $0.moment }
        }
    }

    private static let ids = try? ["a", "b", "c", "d"].map { try ClientID($0) }

    @Test(
        "No revoked token is shown valid, and no later one revoked, by a replica that has read the file",
        arguments: 0..<40)
    func whateverHappened(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var history = try History(try #require(Self.ids))
        let places = try history.ids.indices.map { try $0 == 0 ? 5 : StatusIndex.derived(from: history.ids[$0]) }
        for step in 1...250 {
            try history.step(&random)
            guard step.isMultiple(of: 5) else { continue }
            for version in Set(history.replicas) {
                #expect(!history.tokens.contains { history.isMistaken(about: $0, places, version) })
            }
        }
    }

    @Test("A list has the bits of the clients that are revoked in it, and no other", arguments: 0..<10)
    func contentOfAList(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var history = try History(try #require(Self.ids))
        let places = try history.ids.indices.map { try $0 == 0 ? 5 : StatusIndex.derived(from: history.ids[$0]) }
        for _ in 0..<60 { try history.step(&random) }
        let lists = history.lists[history.lists.count - 1]
        for name in Set(history.tokens.map(\.list)) {
            let content = lists.content(of: name, at: history.now)
            var expected = StatusList(entryCount: StatusIndex.range.count)
            for place in places where lists.isRevoked(Int64(place), in: name, at: history.now) { expected.set(place) }
            let isSame = content == expected
            #expect(isSame)
        }
    }

    @Test("The moments of another client change nothing in what a client's tokens name")
    func othersChangeNothing() throws {
        let moment = NumericDate(1_795_392_100)
        let own = NotBefore([moment])
        let lists = try StatusLists(
            [
                try Client(id: ClientID("a"), identities: [], notBefore: TokensNotBefore(accessTokens: own)),
                try Client(id: ClientID("b"), identities: []),
            ], removed: [])
        let now = NumericDate(1_795_392_200)
        #expect(StatusListSchedule.list(forTokenIssuedAt: now, own) == moment)
        #expect(StatusListSchedule.list(forTokenIssuedAt: now, .never).seconds == 1_795_392_000)
        let (a, b) = (try StatusIndex.derived(from: ClientID("a")), try StatusIndex.derived(from: ClientID("b")))
        let grid = NumericDate(1_795_392_000)
        #expect(lists.isRevoked(Int64(a), in: grid, at: now) && !lists.isRevoked(Int64(b), in: grid, at: now))
        #expect(!lists.isRevoked(Int64(a), in: moment, at: now))
        #expect(!lists.isRevoked(Int64(a), in: grid, at: NumericDate(1_795_392_099)))
    }

    @Test(
        "A removed client is revoked in every list once its moment has come: replicas that do not know it issue more tokens"
    )
    func removedClients() throws {
        func lists(_ clients: [Client] = [], isGone: Bool = true) throws -> StatusLists {
            let moments = NotBefore([NumericDate(500)])
            let gone = RemovedClient(id: try ClientID("gone"), statusIndex: 9, notBefore: moments, isGone: isGone)
            return try StatusLists(clients, removed: [gone])
        }
        let sole = try lists()
        let (before, after) = (NumericDate(300), NumericDate(600))
        #expect(!sole.isRevoked(9, in: before, at: NumericDate(499)))
        #expect(
            sole.isRevoked(9, in: before, at: NumericDate(500)) && sole.isRevoked(9, in: after, at: NumericDate(700)))
        #expect(sole.content(of: after, at: NumericDate(700)).status(at: 9) == 1)
        #expect(!sole.isRevoked(-1, in: before, at: after) && !sole.isRevoked(.max, in: before, at: after))
        // A client that is there again gets new tokens, and the client of an entry that is out may come back.
        let again = try Client(id: ClientID("gone"), identities: [], statusIndex: 9)
        for others in [try lists([again]), try lists(isGone: false)] {
            #expect(others.isRevoked(9, in: before, at: after) && !others.isRevoked(9, in: after, at: NumericDate(700)))
        }
    }
}
