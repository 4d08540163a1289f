import JOSE
import Libcrypto
import Synchronization
import Testing

@testable import RemoteKeys

@Suite struct RemoteKeySetTests {
    /// A set with one key, which is empty when it is fetched again.
    private func emptied(acceptsEmpty: Bool) throws -> RemoteDocument<JWKSet> {
        let keys = JWKSet([JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "k", algorithm: .es256)])
        let answers = Mutex([keys, JWKSet([])])
        return RemoteDocument.keySet(acceptsEmpty: acceptsEmpty, caching: DocumentCaching(coolDown: .zero)) {
            () throws(DocumentFetchError) in
            FetchedDocument(answers.withLock { $0.removeFirst() }, maximumAge: .seconds(100))
        }
    }

    @Test("A set without a usable key is an error of its server: the cached keys stay")
    func keepsTheKeysWhenTheSetBecomesEmpty() async throws {
        let set = try emptied(acceptsEmpty: false)
        _ = try await set.current()
        #expect(try await set.reloaded().value.keys.map(\.keyID) == ["k"])
        #expect(set.cachedKeys?.version == 1)
    }

    @Test("An empty set replaces the cached keys if the caller accepts it")
    func acceptsAnEmptySetIfAsked() async throws {
        let set = try emptied(acceptsEmpty: true)
        _ = try await set.current()
        #expect(try await set.reloaded().value.keys.isEmpty)
        #expect(set.cachedKeys?.version == 2)
    }

    @Test("A set that lacks a key and could not be reloaded is the failure of its server; else the caller gets the set")
    func lacksAKeyDuringAnOutage() async throws {
        let keys = JWKSet([JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "k", algorithm: .es256)])
        let failure = DocumentFetchError(.status(500))
        let answers = Mutex<[Result<JWKSet, DocumentFetchError>]>([.success(keys), .success(keys), .failure(failure)])
        let start = ContinuousClock.now
        let time = Mutex(Duration.zero)
        let set = RemoteDocument.keySet(now: { start.advanced(by: time.withLock { $0 }) }) {
            () throws(DocumentFetchError) in
            FetchedDocument(try answers.withLock { $0.removeFirst() }.get(), maximumAge: .seconds(300))
        }
        _ = try await set.current()
        #expect(try await set.reloaded(whileLacking: { _ in true }).value == keys)
        time.withLock { $0 += .seconds(60) }
        await #expect(throws: failure) { try await set.reloaded(whileLacking: { _ in true }) }
        // Nothing is fetched so soon, and it is a failure still; what the set has is not.
        await #expect(throws: failure) { try await set.reloaded(whileLacking: { _ in true }) }
        #expect(try await set.reloaded(whileLacking: { $0 != keys }).value == keys)
        #expect(answers.withLock { $0.isEmpty })
    }

    @Test("A resource server that starts with an empty set has no keys")
    func startsWithoutKeys() async {
        let set = RemoteDocument.keySet { () throws(DocumentFetchError) in
            FetchedDocument(JWKSet([]), maximumAge: .seconds(100))
        }
        await #expect(throws: DocumentFetchError(.empty)) { try await set.current() }
    }
}
