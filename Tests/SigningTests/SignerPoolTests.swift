import AccessToken
import JOSE
import Libcrypto
import OAuth
import Synchronization
import Testing

@testable import Signing

@Suite struct SignerPoolTests {
    /// A token that ``key`` is to sign.
    static func token(_ key: SigningKey, id: String) throws -> UnsignedAccessToken {
        let policy = IssuancePolicy(issuer: try Issuer("https://tokens.example.com"))
        let secret = ClientSecret(hash: try ClientSecretHash(of: "s"))
        let clients = try ClientRegistry([try Client(id: ClientID("c"), secrets: [secret])])
        let request = try TokenRequest(
            parsing: EndpointRequest(
                url: "https://tokens.example.com/oauth2/token",
                fields: .init(contentType: "application/x-www-form-urlencoded"),
                body: Array("grant_type=client_credentials&client_id=c&client_secret=s".utf8)))
        let client = try #require(
            try clients.authenticate(request.credentials, verified: .none, now: NumericDate(1)).provenClient)
        let grant = try client.authorize(
            request, policy: policy, sealer: RefreshTokenSealer(issuer: policy.issuer, turns: []), now: NumericDate(1))
        return UnsignedAccessToken(for: grant, key: key, policy: policy, id: TokenID(id), now: NumericDate(1))
    }

    static var client: ClientID { get throws { try ClientID("c") } }

    static func key(_ key: PrivateKey, _ algorithm: SignatureAlgorithm) throws -> SigningKey {
        try SigningKey(key, keyID: "k", algorithm: algorithm)
    }

    @Test("Sixteen tasks at once get valid signatures, with keys of different algorithms")
    func signsFromSixteenTasksAtOnce() async throws {
        // Keys alternate, as during a rotation.
        let keys = [
            try Self.key(.generateRSA(bits: 2048), .rs256), try Self.key(.generateRSA(bits: 2048), .ps256),
            try Self.key(.generate(on: .p256), .es256),
        ]
        let publicKeys = try keys.map { try #require($0.privateKey).publicKey }
        let pool = SignerPool(threadCount: 4, wait: .seconds(60))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<16 {
                group.addTask {
                    for round in 0..<8 {
                        let index = (task + round) % keys.count
                        let token = try Self.token(keys[index], id: "\(task)-\(round)")
                        let signature = try await pool.sign(token.signingInput, with: token.key, for: try Self.client)
                        #expect(
                            try publicKeys[index].isValid(
                                signature.span, for: token.signingInput.octets.span, scheme: keys[index].scheme))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("Threads sign with keys of more than 2048 bits, and workers with all others", .timeLimit(.minutes(1)))
    func slowKeys() async throws {
        let woken = Mutex(0)
        let pool = SignerPool(
            workerCount: 1, wait: .seconds(60), reportWait: { _ in },
            wakeWorkers: { _ in woken.withLock { $0 += 1 } })
        let slow = try Self.key(PrivateKey.generateRSA(bits: 3072), .rs256)
        let input = try Self.token(slow, id: "1").signingInput
        // No worker works yet.
        let signature = try await pool.sign(input, with: slow, for: try Self.client)
        #expect(
            try #require(slow.privateKey).publicKey.isValid(signature.span, for: input.octets.span, scheme: slow.scheme)
        )
        #expect(woken.withLock { $0 } == 0)
        let quick = try Self.key(.generateRSA(bits: 2048), .rs256)
        async let pending = pool.sign(try Self.token(quick, id: "2").signingInput, with: quick, for: try Self.client)
        while woken.withLock({ $0 }) == 0 { await Task.yield() }
        #expect(pool.waitingCount == 1)
        while pool.makeWorker().work(for: .zero) {}
        #expect(try await pending.count == 256)
    }

    @Test("A signature is refused at once if the queue is full")
    func refusesWhenTheQueueIsFull() async throws {
        let key = try Self.key(.generate(on: .p256), .es256)
        let queue = SigningQueue(.jobs(2))
        let pool = SignerPool(queue)
        async let first = pool.sign(try Self.token(key, id: "1").signingInput, with: key, for: try Self.client)
        async let second = pool.sign(try Self.token(key, id: "2").signingInput, with: key, for: try Self.client)
        // No thread takes jobs yet: once two jobs wait, the third is refused at once.
        while queue.waitingCount < 2 { await Task.yield() }
        let third = try Self.token(key, id: "3")
        let client = try Self.client
        await expectQueueFull { () throws(SigningError) in
            _ = try await pool.sign(third.signingInput, with: third.key, for: client)
        }

        let signer = Signer()
        for _ in 0..<2 { signer.perform(try #require(queue.next())) }
        #expect(try await first.count == 64)
        #expect(try await second.count == 64)
    }

    private func expectQueueFull(_ body: () async throws(SigningError) -> Void) async {
        do throws(SigningError) {
            try await body()
            Issue.record("nothing was refused")
        } catch {
            guard case .queueFull = error else { Issue.record("\(error)"); return }
        }
    }

    @Test("A signature has the scheme of its signing key, also if signing keys share a private key")
    func theSchemeIsThatOfTheSigningKey() throws {
        let key = try PrivateKey.generateRSA(bits: 2048)
        let publicKey = try key.publicKey
        let signer = Signer()
        let message: [UInt8] = [1, 2, 3]
        for signingKey in [try Self.key(key, .rs256), try Self.key(key, .ps256), try Self.key(key, .rs256)] {
            let signature = try signer.signature(over: message, with: key, signingKey.scheme)
            #expect(try publicKey.isValid(signature.span, for: message.span, scheme: signingKey.scheme))
        }
    }

    @Test("A signer drops its copy of a key that is gone, and keeps no copy if a late signature is made with it")
    func aKeyThatIsGone() throws {
        let (old, new) = (try Self.key(.generate(on: .p256), .es256), try Self.key(.generate(on: .p256), .es256))
        let signer = Signer()
        for key in [old, new] { _ = try signer.signature(over: [1], with: try #require(key.privateKey), key.scheme) }
        #expect(signer.contextCount == 2)
        signer.keep(only: [try #require(old.privateKey), try #require(new.privateKey)])
        #expect(signer.contextCount == 2)
        signer.keep(only: [try #require(new.privateKey)])
        #expect(signer.contextCount == 1)
        let late = try signer.signature(over: [1], with: try #require(old.privateKey), old.scheme)
        let message: [UInt8] = [1]
        #expect(try #require(old.privateKey).publicKey.isValid(late.span, for: message.span, scheme: old.scheme))
        #expect(signer.contextCount == 1)
    }

    @Test("All signers of a pool drop a key that is gone, also those that have nothing to sign")
    func aPoolDropsAKeyThatIsGone() throws {
        let key = try Self.key(.generate(on: .p256), .es256)
        let pool = SignerPool(workerCount: 2, wait: .seconds(60), reportWait: { _ in }, wakeWorkers: { _ in })
        let workers = [pool.makeWorker(), pool.makeWorker()]
        for signer in pool.allSigners {
            _ = try signer.signature(over: [1], with: try #require(key.privateKey), key.scheme)
        }
        // The pool's own, and those of both workers and of both threads.
        #expect(pool.allSigners.map(\.contextCount) == [1, 1, 1, 1, 1])
        pool.keep(only: [])
        #expect(pool.allSigners.map(\.contextCount) == [0, 0, 0, 0, 0])
        #expect(workers.allSatisfy { !$0.hasWork })
    }

    @Test("A closed queue refuses new signatures and finishes those that wait")
    func finishesWhatItHasWhenItCloses() async throws {
        let key = try Self.key(.generate(on: .p256), .es256)
        let queue = SigningQueue(.jobs(2))
        let pool = SignerPool(queue)
        async let signature = pool.sign(try Self.token(key, id: "1").signingInput, with: key, for: try Self.client)
        while queue.waitingCount < 1 { await Task.yield() }
        queue.close()
        let late = try Self.token(key, id: "2")
        let client = try Self.client
        await expectQueueFull { () throws(SigningError) in
            _ = try await pool.sign(late.signingInput, with: late.key, for: client)
        }
        Signer().perform(try #require(queue.next()))
        #expect(try await signature.count == 64)
        #expect(queue.next() == nil)
    }

    @Test("A job that has waited too long is refused, on event loops and on threads", arguments: [false, true])
    func lateJobsAreRefused(onThread: Bool) async throws {
        let key = try Self.key(.generate(on: .p256), .es256)
        let queue = SigningQueue(.wait(.zero, threadCount: 2))
        let pool = SignerPool(queue)
        let (late, client) = (try Self.token(key, id: "1"), try Self.client)
        async let refusal: Void = expectQueueFull { () throws(SigningError) in
            _ = try await pool.sign(late.signingInput, with: late.key, for: client)
        }
        while queue.waitingCount < 1 { await Task.yield() }
        if onThread { queue.close() }
        #expect((onThread ? queue.next() : queue.nextIfAny()) == nil)
        await refusal
    }
}
