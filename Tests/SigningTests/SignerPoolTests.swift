import AccessToken
import JOSE
import Libcrypto
import OAuth
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
        let publicKeys = try keys.map { try $0.key.publicKey }
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
            let signature = try signer.signature(over: message, with: signingKey)
            #expect(try publicKey.isValid(signature.span, for: message.span, scheme: signingKey.scheme))
        }
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
}
