import AccessToken
import Admission
import OAuth
import ServiceFixture
import Synchronization
import Testing

@testable import TokenHTTP

/// The state that outlives a request: failures, and the secrets that passed a password hash.
@Suite struct ClientAuthenticatorTests {
    private static func request(_ secret: String) -> EndpointRequest {
        EndpointRequest(
            url: "https://tokens.example.com/oauth2/token",
            fields: .init(contentType: "application/x-www-form-urlencoded"),
            body: Array("grant_type=client_credentials&client_id=chosen&client_secret=\(secret)".utf8),
            origin: IPAddress("192.0.2.1"))
    }

    /// Otherwise an attacker could test secrets for free: an overloaded service still accepts verified ones.
    @Test("A secret that an overloaded service cannot check counts as a failed guess")
    func guessesAreCountedWhileTheServiceIsBusy() async throws {
        let hash = try PasswordHash(parsing: "$pbkdf2-sha256$i=10$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
        let clients = try ClientRegistry([
            try Client(id: ClientID("chosen"), secrets: [ClientSecret(hash: .password(hash))])
        ])
        let authenticator = try ClientAuthenticator(
            limits: .init(failures: 3, addressFailures: 100, window: .seconds(60)), audiences: [],
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 0),
            verifiedSecrets: .none, keySets: ClientKeySets { _, _ in }, start: NumericDate(.min))
        var errors: [TokenRefusal.Code] = []
        for guess in 0..<5 {
            let refusal = await #expect(throws: TokenRefusal.self) {
                let request = Self.request("\(guess)")
                return try await authenticator.authenticate(
                    TokenRequest(parsing: request).credentials, of: request, in: clients, now: ServiceFixture.now)
            }
            if let refusal { errors.append(refusal.code) }
        }
        #expect(errors == [.overloaded, .overloaded, .overloaded, .tooManyFailures, .tooManyFailures])
    }

    @Test("A password hash is derived once for a secret, even if the clients are reloaded in between")
    func aReloadDerivesNothing() async throws {
        // The vector of Openwall's crypt_blowfish for the secret "U*U".
        let hash = try PasswordHash(parsing: "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
        let cache = try VerifiedSecretCache().secrets
        let derivations = Atomic(0)
        let authenticator = try ClientAuthenticator(
            limits: .standard, audiences: [], passwordChecks: PasswordChecks(threadCount: 1, capacity: 1),
            verifiedSecrets: VerifiedSecrets(
                code: cache.code, contains: cache.contains,
                insert: { code, hash in
                    derivations.add(1, ordering: .relaxed)
                    cache.insert(code, hash)
                }), keySets: ClientKeySets { _, _ in }, start: NumericDate(.min))
        for _ in 0..<3 {
            let clients = try ClientRegistry([
                try Client(id: ClientID("chosen"), secrets: [ClientSecret(hash: .password(hash))])
            ])
            let request = Self.request("U*U")
            let client = try await authenticator.authenticate(
                TokenRequest(parsing: request).credentials, of: request, in: clients, now: ServiceFixture.now)
            #expect(client.client.id.description == "chosen")
        }
        #expect(derivations.load(ordering: .relaxed) == 1)
    }
}
