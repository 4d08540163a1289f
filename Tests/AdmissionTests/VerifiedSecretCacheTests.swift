import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import Admission
@testable import OAuth

/// A secret that passed the check of a password hash is not checked with that hash again.
@Suite struct VerifiedSecretCacheTests {
    private static let now = NumericDate(1_795_000_000)
    private static let secret = "chosen by a person"

    private static func hash(salt: String = "saltsalt") throws -> PasswordHash {
        let salt = Array(salt.utf8)
        let derived = try PasswordDerivation.pbkdf2(.sha256, iterations: 1000)
            .derive(16, from: Array(secret.utf8).span, salt: salt.span)
        let text = [salt, derived].map { Base64URL.encode($0) }.joined(separator: "$")
        let base64 = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        return try PasswordHash(parsing: "$pbkdf2-sha256$i=1000$\(base64)")
    }

    private static func clients(_ hash: PasswordHash) throws -> ClientRegistry {
        try ClientRegistry([try Client(id: ClientID("a"), secrets: [ClientSecret(hash: .password(hash))])])
    }

    private static func credentials(_ secret: String = secret) throws -> PresentedCredentials {
        let body = "grant_type=client_credentials&client_id=a&client_secret=\(secret.replacing(" ", with: "+"))"
        return try TokenRequest(
            parsing: EndpointRequest(
                url: "https://tokens.example.com/oauth2/token",
                fields: .init(contentType: "application/x-www-form-urlencoded"), body: Array(body.utf8))
        ).credentials
    }

    private func pending(
        _ clients: ClientRegistry, _ cache: VerifiedSecretCache, secret: String = secret
    ) throws -> PendingPasswordCheck? {
        let authentication = try clients.authenticate(
            Self.credentials(secret), verified: cache.secrets, now: Self.now)
        if case .password(let check) = authentication { return check }
        #expect(authentication.provenClient != nil)
        return nil
    }

    @Test("A verified secret needs no further derivation, also after the clients were read again")
    func outlivesAReload() throws {
        let cache = try VerifiedSecretCache()
        let hash = try Self.hash()
        let check = try #require(try pending(Self.clients(hash), cache))
        #expect(try check.run().get().client.id.description == "a")
        #expect(try pending(Self.clients(hash), cache) == nil)
    }

    @Test("A wrong secret is not verified by a right one")
    func wrongSecrets() throws {
        let cache = try VerifiedSecretCache()
        let clients = try Self.clients(Self.hash())
        _ = try pending(clients, cache)?.run()
        let check = try #require(try pending(clients, cache, secret: "guessed"))
        #expect(throws: AuthenticationFailure.wrongPassword) { try check.run().get() }
    }

    @Test("A verified secret is refused once its client has another hash")
    func aReplacedHash() throws {
        let cache = try VerifiedSecretCache()
        _ = try pending(Self.clients(Self.hash()), cache)?.run()
        #expect(try pending(Self.clients(Self.hash(salt: "pepperpepper")), cache) != nil)
    }

    @Test("A check that waited for a thread derives nothing if the secret was verified meanwhile")
    func aQueuedCheck() throws {
        let cache = try VerifiedSecretCache()
        let clients = try Self.clients(Self.hash())
        let checks = try (0..<2).map { _ in try #require(try pending(clients, cache)) }
        var costs = [AuthenticationCost(), AuthenticationCost()]
        for index in 0..<2 { _ = try checks[index].run(cost: &costs[index]).get() }
        #expect(costs[0].derivations.values.reduce(0, +) == 1)
        #expect(costs[1].derivations.isEmpty)
    }

    @Test("The cache is bounded: the secrets that were verified least recently are dropped")
    func bounded() throws {
        let cache = try VerifiedSecretCache(capacity: 1)
        let hashes = try (0..<3).map { try Self.hash(salt: "saltsalt\($0)") }
        for hash in hashes { _ = try pending(Self.clients(hash), cache)?.run() }
        let isPending = try hashes.map { try pending(Self.clients($0), cache) != nil }
        #expect(isPending == [true, false, false])
    }
}
