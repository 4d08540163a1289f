import AccessToken
import JOSE
import Libcrypto
import LiveState
import NIOCore
import NIOPosix
import OAuth
import ServiceFiles
import ServiceFixture
import Signing
import Synchronization
import TestSupport
import Testing
import WireText

@testable import TokenHTTP

/// How often lists are signed, and what is served when they cannot be.
@Suite struct StatusListPublisherTests {
    /// Signs, counts, and fails on demand.
    private final class TestSigner: Sendable {
        private let pool = SignerPool(threadCount: 1, wait: .seconds(60))
        private let state = Mutex((count: 0, fails: false))

        struct Refusal: Error {}

        var count: Int { state.withLock { $0.count } }

        func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }

        func sign(_ list: UnsignedStatusList) async throws -> [UInt8] {
            let fails = state.withLock { state in
                state.count += 1
                return state.fails
            }
            if fails { throw Refusal() }
            return try await pool.signForService(list.signingInput, with: list.key)
        }
    }

    private static let now = ServiceFixture.now
    private static let grid = StatusListSchedule.gridSecond(at: now)
    private let fixture: ServiceFixture
    private let signer: TestSigner
    private let publisher: StatusListPublisher

    init() throws {
        let (fixture, signer) = (try ServiceFixture(), TestSigner())
        self.fixture = fixture
        self.signer = signer
        publisher = StatusListPublisher(urls: fixture.configuration.policy.statusLists) { try await signer.sign($0) }
    }

    /// What a reader of the list finds.
    private func content(_ outcome: StatusListPublisher.Outcome, _ list: NumericDate) throws -> StatusListToken {
        let published: PublishedStatusList
        switch outcome {
        case .list(let list), .formerList(let list): published = list
        case .none, .tooMany, .failed: throw NotAList()
        }
        let text = String(decoding: published.document.body.readableBytesView, as: UTF8.self)
        let jws = try CompactJWS(parsing: text)
        let key = try fixture.snapshot().signingKey(at: Self.now)
        let verified = try jws.verified(
            by: JWKSet([JWK(try #require(key.privateKey).publicKey, keyID: key.keyID, algorithm: key.algorithm)]))
        return try StatusListToken(
            verified, of: fixture.configuration.policy.statusLists.url(of: list), maximumOctets: 1 << 17,
            now: Self.now + .seconds(60), leeway: .zero)
    }

    private struct NotAList: Error {}

    /// The fixture's clients, of which `reporting` has moments.
    private func revoking(_ moments: NumericDate...) throws -> Snapshot {
        let text = try fixture.folder.read("clients.yaml")
        let line = "access_tokens_not_before: [\(moments.map(\.rfc3339).joined(separator: ", "))]"
        let clients = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { text in
            text == "  - client_id: reporting" ? [text, "    \(line)"] : [text]
        }.joined(separator: "\n")
        try fixture.folder.write(clients, to: "clients.yaml")
        defer { try? fixture.folder.write(text, to: "clients.yaml") }
        return try fixture.snapshot()
    }

    @Test("Requests for a list that is being made wait for it, so that a stampede costs one signature")
    func stampede() async throws {
        let snapshot = try fixture.snapshot()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let publisher = StatusListPublisher(urls: fixture.configuration.policy.statusLists, threads: .singleton) {
            [signer] list in
            open.yield()
            return try await signer.sign(list)
        }
        try await withThrowingTaskGroup(of: StatusListPublisher.Outcome.self) { group in
            for _ in 0..<50 { group.addTask { await publisher.list(Self.grid, snapshot, now: Self.now) } }
            for try await outcome in group { _ = try content(outcome, Self.grid) }
        }
        open.finish()
        #expect(await gate.reduce(0) { count, _ in count + 1 } == 1)
        #expect(signer.count == 1)
        #expect(publisher.waitingCount == 0)
    }

    @Test("A list is signed again when its ttl has passed, and not before")
    func timeToLive() async throws {
        let snapshot = try fixture.snapshot()
        for (seconds, count) in [(0, 1), (29, 1), (30, 2), (59, 2), (60, 3)] as [(Int64, Int)] {
            let outcome = await publisher.list(Self.grid, snapshot, now: Self.now + .seconds(seconds))
            #expect(try content(outcome, Self.grid).issuedAt <= Self.now + .seconds(seconds))
            #expect(signer.count == count, "\(seconds)")
        }
        // A clock that was set back.
        _ = await publisher.list(Self.grid, snapshot, now: Self.now)
        #expect(signer.count == 4)
    }

    @Test("A list is signed again when what it says changes: by the file, and by the clock")
    func changes() async throws {
        let place = try StatusIndex.derived(from: ClientID("reporting"))
        var snapshot = try fixture.snapshot()
        func status(at now: NumericDate) async throws -> UInt8? {
            try content(await publisher.list(Self.grid, snapshot, now: now), Self.grid).list.status(at: place)
        }
        #expect(try await status(at: Self.now) == 0)
        snapshot = try revoking(Self.now + .seconds(1), Self.now + .seconds(9))
        #expect(try await status(at: Self.now) == 0)
        #expect(try await status(at: Self.now + .seconds(1)) == 1)
        #expect(signer.count == 3)
        #expect(try await status(at: Self.now + .seconds(8)) == 1)
        #expect(signer.count == 3)
    }

    @Test("A reload that says the same costs no signature")
    func aReloadThatSaysTheSame() async throws {
        let reloader = try fixture.reloader()
        _ = await publisher.list(Self.grid, reloader.snapshots.current, now: Self.now)
        let former = reloader.snapshots.current
        reloader.reload(now: Self.now)
        #expect(reloader.snapshots.current !== former)
        _ = await publisher.list(Self.grid, reloader.snapshots.current, now: Self.now)
        #expect(signer.count == 1)
    }

    @Test("If nothing can sign, the last list is served until its exp")
    func nothingSigns() async throws {
        let snapshot = try fixture.snapshot()
        signer.fail(true)
        guard case .failed = await publisher.list(Self.grid, snapshot, now: Self.now) else { throw NotAList() }
        signer.fail(false)
        let first = try content(await publisher.list(Self.grid, snapshot, now: Self.now), Self.grid)
        signer.fail(true)
        for seconds in [30, 599] as [Int64] {
            let outcome = await publisher.list(Self.grid, snapshot, now: Self.now + .seconds(seconds))
            guard case .formerList = outcome else { throw NotAList() }
            #expect(try content(outcome, Self.grid).issuedAt == first.issuedAt)
        }
        guard case .failed = await publisher.list(Self.grid, snapshot, now: Self.now + .seconds(600)) else {
            throw NotAList()
        }
    }

    @Test("Names that no token can have are none, and unlikely ones have a budget that the others do not draw from")
    func names() async throws {
        let snapshot = try revoking(Self.now - .seconds(7))
        func outcome(_ name: NumericDate) async -> String {
            switch await publisher.list(name, snapshot, now: Self.now) {
            case .list, .formerList: "list"
            case .none: "none"
            case .tooMany: "too many"
            case .failed: "failed"
            }
        }
        #expect(await outcome(Self.now - .seconds(25 * 3600)) == "none")
        #expect(await outcome(Self.now + .seconds(61)) == "none")
        #expect(signer.count == 0)
        var outcomes: [String: Int] = [:]
        for second in 1001...1400 as ClosedRange<Int64> where (Self.now.seconds - second) % 300 != 0 {
            outcomes[await outcome(Self.now - .seconds(second)), default: 0] += 1
        }
        #expect(outcomes["list"] == 200 && outcomes["too many", default: 0] > 100)
        #expect(await outcome(Self.grid) == "list")
        #expect(await outcome(Self.now - .seconds(7)) == "list")
        #expect(signer.count == 202)
    }

    @Test("An answer is good until the next moment at most")
    func maximumAge() async throws {
        func age(_ snapshot: Snapshot, after seconds: Int64) async throws -> Int64 {
            let now = Self.now + .seconds(seconds)
            guard case .list(let list) = await publisher.list(Self.grid, snapshot, now: now) else { throw NotAList() }
            return list.maximumAge(at: now)
        }
        let plain = try fixture.snapshot()
        #expect(try await age(plain, after: 0) == 30)
        #expect(try await age(plain, after: 29) == 30)
        let moment = try revoking(Self.now + .seconds(12))
        #expect(try await age(moment, after: 0) == 12)
        #expect(try await age(moment, after: 12) == 30)
    }

    @Test("What is kept is bounded in number and in octets, and what was not used for longest goes first")
    func bounds() throws {
        let snapshot = try fixture.snapshot()
        func list(_ second: Int64, size: Int, at now: NumericDate = Self.now) throws -> PublishedStatusList {
            let basis = StatusListBasis(NumericDate(second), snapshot, now: now)
            return try PublishedStatusList([UInt8](repeating: 65, count: size), basis, issuedAt: now)
        }
        var lists = RecentStatusLists()
        for second in 0..<3000 as Range<Int64> {
            lists.insert(try list(second, size: 10), now: Self.now)
            #expect(lists.use(NumericDate(0)) != nil)
        }
        #expect(lists.count == RecentStatusLists.capacity && lists.size == 10 * lists.count)
        #expect(lists.use(NumericDate(1)) == nil && lists.use(NumericDate(2999)) != nil)
        for second in 5000..<5040 as Range<Int64> {
            lists.insert(try list(second, size: 1 << 20), now: Self.now)
            #expect(lists.use(NumericDate(0)) != nil)
        }
        #expect(lists.size <= RecentStatusLists.room && lists.use(NumericDate(5039)) != nil)
        // What has expired goes too, and a list that is made again takes its place once.
        let later = Self.now + .seconds(600)
        for _ in 0..<3 { lists.insert(try list(7, size: 5, at: later), now: later) }
        #expect(lists.count == 1 && lists.size == 5)
    }
}
