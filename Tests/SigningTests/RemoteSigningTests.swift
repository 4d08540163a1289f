import AccessToken
import JOSE
import Libcrypto
import OAuth
import Synchronization
import Testing

@testable import Signing

@Suite struct RemoteSigningTests {
    private let key: PrivateKey
    private let remote: RemoteKey
    private let place = StubPlace()
    private let input: JWSSigningInput

    init() throws {
        key = try PrivateKey.generate(on: .p256)
        remote = RemoteKey(try KeyURI("pkcs11:token=test;object=key"), try key.publicKey)
        input = JWSSigningInput(encodedHeader: Array("e30".utf8), payload: [])
        place.key.withLock { [key] in $0 = key }
    }

    private func signing(
        limit: Int = 2, wait: Duration = .seconds(60), report: @escaping RemoteSigning.Report = { _, _, _ in }
    ) -> RemoteSigning {
        RemoteSigning(RemoteKeyStores([.pkcs11: place]), limit: limit, wait: wait, report: report)
    }

    private func signature(_ signing: RemoteSigning, _ client: String = "a") async throws -> [UInt8] {
        try await signing.signature(over: input.octets, with: remote, .es256, for: ClientID(client))
    }

    @Test("A place signs for a key that stays there, and the pool has no copy of it")
    func pool() async throws {
        let reports = Mutex<[RemoteKeyError?]>([])
        let pool = SignerPool(
            threadCount: 1, wait: .seconds(60),
            remote: signing { _, error, _ in reports.withLock { $0.append(error) } })
        let signingKey = try SigningKey(.place(remote), keyID: "k", algorithm: .es256)
        pool.keep(only: [signingKey])
        for signature in [
            try await pool.sign(input, with: signingKey, for: ClientID("a")),
            try await pool.signForService(input, with: signingKey),
        ] {
            #expect(
                try remote.publicKey.isValid(
                    signature.span, for: input.octets.span, scheme: SignatureAlgorithm.es256.scheme))
        }
        #expect(reports.withLock { $0 } == [nil, nil])
        #expect(pool.allSigners.allSatisfy { $0.contextCount == 0 })
    }

    @Test("A signature that the pinned public key does not verify never leaves")
    func wrongKey() async throws {
        let other = try PrivateKey.generate(on: .p256)
        place.key.withLock { $0 = other }
        await #expect { _ = try await signature(signing()) } throws: { ($0 as? RemoteKeyError)?.code == .wrongKey }
        let pool = SignerPool(threadCount: 1, wait: .seconds(60), remote: signing())
        let signingKey = try SigningKey(.place(remote), keyID: "k", algorithm: .es256)
        await #expect { _ = try await pool.sign(input, with: signingKey, for: ClientID("a")) } throws: { error in
            if case .unavailable(let cause)? = error as? SigningError { cause.code == .wrongKey } else { false }
        }
    }

    @Test("A place whose settings are missing is asked nothing")
    func notConfigured() async throws {
        let signing = RemoteSigning(RemoteKeyStores(), limit: 1, wait: .seconds(60))
        await #expect { _ = try await signature(signing) } throws: { ($0 as? RemoteKeyError)?.code == .notConfigured }
    }

    @Test("As many signatures as the limit are under way, and the others take turns by client", .timeLimit(.minutes(1)))
    func turns() async throws {
        place.isHeld.withLock { $0 = true }
        let signing = signing(limit: 1)
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, client) in ["first", "busy", "busy", "busy", "other"].enumerated() {
                group.addTask { [input, remote] in
                    let id = try ClientID(client)
                    _ = try await signing.signature(over: input.octets, with: remote, .es256, for: id)
                    order.note(client)
                }
                // In this order.
                while signing.waitingCount + signing.inFlightCount < number + 1 { await Task.yield() }
            }
            while place.callCount == 0 { await Task.yield() }
            #expect(signing.inFlightCount == 1)
            #expect(signing.waitingCount == 4)
            #expect(place.callCount == 1)
            place.release()
            try await group.waitForAll()
        }
        // The other client came last and has the second turn of those that waited.
        #expect(order.clients.firstIndex(of: "other") ?? 9 <= 2)
        #expect(signing.inFlightCount == 0)
        #expect(place.mostAtOnce == 1)
    }

    @Test("A place that gives no answer is waited for as long as the setting says", .timeLimit(.minutes(1)))
    func timeout() async throws {
        place.isHeld.withLock { $0 = true }
        let signing = signing(limit: 1, wait: .milliseconds(20))
        await #expect { _ = try await signature(signing) } throws: { ($0 as? RemoteKeyError)?.code == .timedOut }
        // The place has not answered: what comes next has no turn, and its end all the same.
        if signing.inFlightCount > 0 {
            await #expect { _ = try await signature(signing) } throws: { ($0 as? RemoteKeyError)?.code == .overloaded }
        }
        place.release()
        while signing.inFlightCount > 0 { await Task.yield() }
        _ = try await signature(self.signing(limit: 1))
    }

    @Test("As many signatures may wait as are made in time, and none if those that are under way take all of it")
    func pace() {
        var pace = RemotePace()
        // 64 at once, 20 ms each: 6400 in two seconds.
        #expect(pace.room(limit: 64, wait: .seconds(2)) == RemotePace.largestRoom - 64)
        for _ in 0..<200 { pace.took(.milliseconds(500)) }
        #expect((190...192).contains(pace.room(limit: 64, wait: .seconds(2))))
        for _ in 0..<200 { pace.took(.seconds(2)) }
        #expect(pace.room(limit: 64, wait: .seconds(2)) <= 1)
        for _ in 0..<200 { pace.took(.zero) }
        #expect(pace.room(limit: 1, wait: .seconds(2)) == RemotePace.largestRoom - 1)
    }

    @Test("A trial of a key is not reported: the key may be one that does not sign yet")
    func trial() async throws {
        let reports = Mutex(0)
        let signing = signing { _, _, _ in reports.withLock { $0 += 1 } }
        try await signing.prove(remote, .es256)
        #expect(reports.withLock { $0 } == 0)
        #expect(place.callCount == 1)
    }

    @Test("A place that comes back is used at once")
    func recovery() async throws {
        let signing = signing()
        place.error.withLock { $0 = RemoteKeyError(.unavailable, "gone") }
        await #expect { _ = try await signature(signing) } throws: { ($0 as? RemoteKeyError)?.code == .unavailable }
        place.error.withLock { $0 = nil }
        _ = try await signature(signing)
    }

    @Test("A new key that makes no good signature is removed again")
    func badNewKey() async throws {
        let other = try PrivateKey.generate(on: .p256)
        place.key.withLock { $0 = other }
        place.made.withLock { [remote] in $0 = remote }
        let stores = RemoteKeyStores([.pkcs11: place])
        await #expect { _ = try await stores.makeKey(at: remote.uri, for: .es256, named: "n") } throws: {
            ($0 as? RemoteKeyError)?.code == .wrongKey
        }
        #expect(place.discarded.withLock { $0 } == [remote.uri])
    }
}

/// The clients in the order in which they got signatures.
private final class Order: Sendable {
    private let noted = Mutex<[String]>([])

    var clients: [String] { noted.withLock { $0 } }

    func note(_ client: String) { noted.withLock { $0.append(client) } }
}

/// A place that does what a test tells it.
private final class StubPlace: RemoteKeyStore {
    let key = Mutex<PrivateKey?>(nil)
    let error = Mutex<RemoteKeyError?>(nil)
    let isHeld = Mutex(false)
    let made = Mutex<RemoteKey?>(nil)
    let discarded = Mutex<[KeyURI]>([])
    private let calls = Mutex((count: 0, now: 0, most: 0))

    var callCount: Int { calls.withLock { $0.count } }
    var mostAtOnce: Int { calls.withLock { $0.most } }

    func release() { isHeld.withLock { $0 = false } }

    func sign(
        _ message: [UInt8], with key: RemoteKey, _ algorithm: SignatureAlgorithm
    ) async throws(RemoteKeyError) -> [UInt8] {
        calls.withLock { calls in
            calls.count += 1
            calls.now += 1
            calls.most = max(calls.most, calls.now)
        }
        defer { calls.withLock { $0.now -= 1 } }
        // As a call into a module, it goes on when its caller waits no longer.
        while isHeld.withLock({ $0 }) { await Task.yield() }
        if let error = error.withLock({ $0 }) { throw error }
        guard let own = self.key.withLock({ $0 }),
            let signature = try? SigningContext(key: own, scheme: algorithm.scheme).sign(message.span)
        else { throw RemoteKeyError(.noSuchKey, "there is none") }
        return signature
    }

    func makeKey(
        at uri: KeyURI, for algorithm: SignatureAlgorithm, named name: String
    ) async throws(RemoteKeyError) -> RemoteKey {
        guard let key = made.withLock({ $0 }) else { throw RemoteKeyError(.unsupported, "none is made") }
        return key
    }

    func key(at uri: KeyURI) async throws(RemoteKeyError) -> RemoteKey { throw RemoteKeyError(.noSuchKey, "none") }

    func close() async {}

    func discard(_ key: RemoteKey) async { discarded.withLock { $0.append(key.uri) } }
}
