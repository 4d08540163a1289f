import AccessToken
import Admission
import OAuth
import ReplayStore
import ServiceFixture
import Synchronization
import Testing

@testable import TokenHTTP

/// Replay protection that replicas share: what is asked of the store, and what its answers decide.
@Suite struct SharedReplayCacheTests {
    private static let now = NumericDate(1_795_000_000)

    /// A store that a test answers for.
    private final class Store: Sendable {
        struct Question: Equatable {
            let key: String
            let life: Duration
            let owner: String
        }

        let questions = Mutex<[Question]>([])
        let notes = Mutex<[Question]>([])
        private let keys = Mutex<Set<String>>([])
        let failure = Mutex<StoreFailure?>(nil)

        var operations: SharedReplayCache.Store {
            .init(
                insert: { (key, life, owner) async throws(StoreFailure) in
                    self.questions.withLock { $0.append(Question(key: key, life: life, owner: owner)) }
                    if let failure = self.failure.withLock({ $0 }) { throw failure }
                    return self.keys.withLock { $0.insert(key).inserted }
                },
                note: { key, life, owner in
                    self.notes.withLock { $0.append(Question(key: key, life: life, owner: owner)) }
                    _ = self.keys.withLock { $0.insert(key) }
                })
        }
    }

    private let store = Store()

    private func replica(_ issuer: String = "https://tokens.example.com") throws -> SharedReplayCache {
        // It has started just now, so that in memory alone nothing that was made before would be accepted.
        try SharedReplayCache(ReplayCache(start: Self.now), store.operations, issuer: Issuer(issuer))
    }

    private static func assertion(
        _ jti: String = "1", of client: String = "job", maker: UsedAssertion.Maker = .client, life: Int64 = 60,
        isSingleUse: Bool = true
    ) throws -> UsedAssertion {
        UsedAssertion(
            tokenID: jti, clientID: try ClientID(client), maker: maker, issuedAt: now - .seconds(10),
            expiresAt: now + .seconds(life), isSingleUse: isSingleUse)
    }

    @Test("An assertion is good once at all replicas together, also if it was made before their start")
    func once() async throws {
        let (first, second) = (try replica(), try replica())
        let assertion = try Self.assertion()
        #expect(try await first.use(assertion, now: Self.now) == .first)
        #expect(try await second.use(assertion, now: Self.now) == .repeated)
        #expect(try await replica().use(assertion, now: Self.now) == .repeated)
        #expect(store.questions.withLock { $0.count } == 3)
        // What a replica has seen it refuses without asking.
        for replica in [first, second] {
            #expect(try await replica.use(assertion, now: Self.now + .seconds(1)) == .repeated)
        }
        #expect(store.questions.withLock { $0.count } == 3)
    }

    @Test("A key lives until the assertion has expired, and for the patience of the memory after that")
    func lives() async throws {
        for life in [1, 60, 3630] as [Int64] {
            _ = try await replica().use(Self.assertion("\(life)", life: life), now: Self.now)
        }
        let lives = store.questions.withLock { $0.map(\.life) }
        #expect(lives == [1, 60, 3630].map { .seconds($0) + ReplayCache.patience })
    }

    @Test("A key says nothing of what it stands for, and none stands for two")
    func keys() async throws {
        let replica = try replica()
        let other = try self.replica("https://other.example.com")
        _ = try await replica.use(Self.assertion("secret-jti"), now: Self.now)
        _ = try await replica.use(Self.assertion("secret-jti", of: "job2"), now: Self.now)
        _ = try await replica.use(Self.assertion("2\nsecret-jti"), now: Self.now)
        _ = try await replica.use(Self.assertion("secret-jti", maker: .issuer("job")), now: Self.now)
        _ = try await replica.use(Self.assertion("secret-jti", maker: .key(thumbprint: "job")), now: Self.now)
        _ = try await other.use(Self.assertion("secret-jti"), now: Self.now)
        let keys = store.questions.withLock { $0.map(\.key) }
        #expect(Set(keys).count == 6)
        for key in keys {
            #expect(key.hasPrefix("writ:replay:") && key.utf8.count == 12 + 43)
            #expect(!key.contains("secret-jti") && !key.contains("job"))
        }
        // SHA-256 of issuer, kind, client and jti, one below the other.
        #expect(keys[0] == "writ:replay:pgjYJzCvzoCZejKZFqyZvv2CRlMtNLYGbbzINv3AvS0")
    }

    @Test("A token of an issuer, and a proof of a key, is used up for all clients, and counts for the one that uses it")
    func othersThanTheClient() async throws {
        let makers: [UsedAssertion.Maker] = [.issuer("https://platform.example"), .key(thumbprint: "thumbprint")]
        for maker in makers {
            let (first, second) = (try replica(), try replica())
            #expect(try await first.use(Self.assertion(of: "job", maker: maker), now: Self.now) == .first)
            #expect(try await second.use(Self.assertion(of: "job2", maker: maker), now: Self.now) == .repeated)
        }
        #expect(store.questions.withLock { $0.map(\.owner) } == ["job", "job2", "job", "job2"])
    }

    @Test("Without an answer the request is refused, nothing is remembered, and the next attempt asks again")
    func failure() async throws {
        let replica = try replica()
        let assertion = try Self.assertion()
        store.failure.withLock { $0 = StoreFailure("it took too long") }
        for _ in 0..<3 {
            let refused = await #expect(throws: TokenRefusal.self) { try await replica.use(assertion, now: Self.now) }
            #expect(refused?.code == .replayStoreUnavailable && refused?.cause == .replayStoreUnavailable)
            #expect(refused?.code.status == 503 && refused?.retryAfter == 2)
            #expect(refused?.code.error.description == "temporarily_unavailable")
        }
        #expect(store.questions.withLock { $0.count } == 3)
        store.failure.withLock { $0 = nil }
        #expect(try await replica.use(assertion, now: Self.now) == .first)
        // What was seen is refused without the store, too.
        store.failure.withLock { $0 = StoreFailure("it took too long") }
        #expect(try await replica.use(assertion, now: Self.now) == .repeated)
    }

    @Test("Without single use a use is recorded at the store without waiting, once for each replica")
    func withoutSingleUse() async throws {
        let replica = try replica()
        store.failure.withLock { $0 = StoreFailure("it took too long") }
        let often = try Self.assertion(isSingleUse: false)
        #expect(try await replica.use(often, now: Self.now) == .first)
        #expect(try await replica.use(often, now: Self.now) == .repeated)
        #expect(store.notes.withLock { $0.count } == 1 && store.questions.withLock { $0.isEmpty })
        // The rule is changed meanwhile.
        store.failure.withLock { $0 = nil }
        #expect(try await replica.use(Self.assertion(), now: Self.now) == .repeated)
        #expect(try await self.replica().use(Self.assertion(), now: Self.now) == .repeated)
    }

    @Test("A full memory refuses nothing: the store remembers")
    func fullMemory() async throws {
        let replica = SharedReplayCache(
            try ReplayCache(start: Self.now, capacity: 1), store.operations, issuer: try Issuer("https://a.example"))
        for jti in ["1", "2", "3"] {
            #expect(try await replica.use(Self.assertion(jti), now: Self.now) == .first)
            #expect(try await replica.use(Self.assertion(jti), now: Self.now) == .repeated)
        }
        // One of them is in memory.
        #expect(store.questions.withLock { $0.count } == 5)
    }
}
