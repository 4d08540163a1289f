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

    @Test("A resource server that starts with an empty set has no keys")
    func startsWithoutKeys() async {
        let set = RemoteDocument.keySet { () throws(DocumentFetchError) in
            FetchedDocument(JWKSet([]), maximumAge: .seconds(100))
        }
        await #expect(throws: DocumentFetchError(.empty)) { try await set.current() }
    }
}
