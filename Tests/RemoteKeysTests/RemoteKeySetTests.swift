import JOSE
import Libcrypto
import Synchronization
import Testing

@testable import RemoteKeys

/// What is read without a lock is what was fetched last, and no longer than it is young.
@Suite struct RemoteKeySetTests {
    @Test func whatIsInHandIsWhatCameLast() async throws {
        let start = ContinuousClock.now
        let time = Mutex(Duration.zero)
        let fetches = Mutex(0)
        let keys = try (0..<2).map { _ in
            JWKSet([JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "k", algorithm: .es256)])
        }
        let set = RemoteKeySet(
            now: { start.advanced(by: time.withLock { $0 }) },
            fetch: { () throws(KeySetFetchError) in
                let number = fetches.withLock { count in
                    count += 1
                    return count
                }
                return FetchedKeySet(keys: keys[min(number, keys.count) - 1], maximumAge: .seconds(300))
            })
        #expect(set.inHand == nil)
        let first = try await set.set()
        #expect(set.inHand?.version == first.version)
        let second = try await set.refreshed()
        #expect(second.version != first.version)
        #expect(set.inHand?.version == second.version)
        #expect(set.inHand?.keys.json() == keys[1].json())
        #expect(fetches.withLock { $0 } == 2)

        // Three quarters of its life are over for certain at 271 s, and all of it at 300 s.
        time.withLock { $0 = .seconds(224) }
        _ = set.inHand
        #expect(fetches.withLock { $0 } == 2)
        time.withLock { $0 = .seconds(300) }
        #expect(set.inHand == nil)
        #expect(try await set.set().version == second.version)
        #expect(fetches.withLock { $0 } == 3)
        #expect(set.inHand?.version == second.version)
    }
}
