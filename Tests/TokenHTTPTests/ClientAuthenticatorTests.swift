import AccessToken
import Admission
import OAuth
import ServiceFixture
import Synchronization
import Testing

@testable import TokenHTTP
import WireText

/// The state that outlives a request: failures, and the secrets that passed a password hash.
@Suite struct ClientAuthenticatorTests {
    /// The vector of Openwall's crypt_blowfish for the secret "U*U".
    private static let bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

    /// Clients with the secret `right` as a digest, and `chosen` with U*U as bcrypt unless that is `nil`.
    private static func clients(bcrypt: String? = bcrypt) throws -> ClientRegistry {
        let digest = ClientSecret(hash: try ClientSecretHash(of: "right"))
        var clients = [
            try Client(id: ClientID("a"), secrets: [digest]), try Client(id: ClientID("b"), secrets: [digest]),
            try Client(id: ClientID("basic"), secrets: [digest], authenticationMethod: .clientSecretBasic),
        ]
        if let bcrypt {
            let secret = ClientSecret(hash: .password(try PasswordHash(parsing: bcrypt)))
            clients.append(try Client(id: ClientID("chosen"), secrets: [secret]))
        }
        return try ClientRegistry(clients)
    }

    private static func authenticator(
        _ limits: FailureLimits = .standard, capacity: Int = 8, verified: VerifiedSecrets? = nil
    ) throws -> ClientAuthenticator {
        try ClientAuthenticator(
            limits: limits, audiences: { _ in [] }, passwordChecks: PasswordChecks(threadCount: 1, capacity: capacity),
            verifiedSecrets: verified ?? VerifiedSecretCache().secrets, keySets: ClientKeySets { _ in },
            usedAssertions: ReplayCache(start: NumericDate(.min)))
    }

    /// The code of the refusal, `nil` if the client is authenticated.
    private static func ask(
        _ authenticator: ClientAuthenticator, _ id: String, _ secret: String, from address: String = "192.0.2.1",
        in clients: ClientRegistry
    ) async throws -> TokenRefusal.Code? {
        let request = EndpointRequest(
            url: "https://tokens.example.com/oauth2/token",
            fields: .init(contentType: "application/x-www-form-urlencoded"),
            body: Array("grant_type=client_credentials&client_id=\(id)&client_secret=\(secret)".utf8),
            origin: IPAddress(address))
        do throws(TokenRefusal) {
            let client = try await authenticator.authenticate(
                TokenRequest(parsing: request).credentials, of: request, in: { RegisteredClients(clients) },
                rules: .standard,
                now: ServiceFixture.now)
            #expect(client.client.id.description == id)
            return nil
        } catch {
            return error.code
        }
    }

    /// Each row is a neighbour and the address of the client itself.
    @Test(
        "A right secret is accepted whatever the client's neighbours have done",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::2"), ("64:ff9b::198.51.100.1", "64:ff9b::192.0.2.1"),
            ("64:ff9b::192.0.2.1", "192.0.2.1"),
        ])
    func neighbours(neighbour: String, home: String) async throws {
        let (clients, authenticator) = (try Self.clients(bcrypt: nil), try Self.authenticator())
        func ask(_ id: String, _ secret: String, from address: String) async throws -> TokenRefusal.Code? {
            try await Self.ask(authenticator, id, secret, from: address, in: clients)
        }
        // Guesses at the client itself, and at any names.
        for _ in 0..<20 { _ = try await ask("a", "wrong", from: neighbour) }
        for number in 0..<200 { _ = try await ask("name-\(number)", "wrong", from: neighbour) }
        #expect(try await ask("a", "wrong", from: neighbour) == .tooManyFailures)
        #expect(try await ask("name", "wrong", from: neighbour) == .tooManyFailures)
        for _ in 0..<20 {
            #expect(try await ask("a", "right", from: home) == nil)
            #expect(try await ask("b", "right", from: home) == nil)
        }
    }

    @Test("Over the limit a wrong secret is 429, for a client that exists as for one that does not")
    func throttles() async throws {
        let (clients, authenticator) = (try Self.clients(bcrypt: nil), try Self.authenticator())
        for id in ["a", "nobody"] {
            var codes: [TokenRefusal.Code?] = []
            for _ in 0..<12 { codes.append(try await Self.ask(authenticator, id, "wrong", in: clients)) }
            #expect(codes == Array(repeating: .invalidClient, count: 10) + [.tooManyFailures, .tooManyFailures])
        }
        // A neighbour behind the same translator has counts of its own.
        #expect(
            try await Self.ask(authenticator, "a", "wrong", from: "64:ff9b::198.51.100.1", in: clients)
                == .invalidClient)
        #expect(
            try await Self.ask(authenticator, "a", "wrong", from: "64:ff9b::192.0.2.1", in: clients)
                == .tooManyFailures)
    }

    @Test("The right secret by the wrong method is refused, and does not count for the address")
    func theWrongMethod() async throws {
        let (clients, authenticator) = (try Self.clients(bcrypt: nil), try Self.authenticator())
        for _ in 0..<200 { #expect(try await Self.ask(authenticator, "basic", "right", in: clients) != nil) }
        #expect(try await Self.ask(authenticator, "basic", "right", from: "192.0.2.2", in: clients) == .invalidClient)
        #expect(try await Self.ask(authenticator, "nobody", "wrong", in: clients) == .invalidClient)
    }

    @Test("Over the limit no password hash is checked, but a verified secret is accepted")
    func slowHashesOverTheLimit() async throws {
        let (clients, cache) = (try Self.clients(), try VerifiedSecretCache().secrets)
        let insertions = Atomic(0)
        let authenticator = try Self.authenticator(
            verified: VerifiedSecrets(
                code: cache.code, contains: cache.contains,
                insert: { code, hash in
                    insertions.add(1, ordering: .relaxed)
                    cache.insert(code, hash)
                }))
        for _ in 0..<20 { _ = try await Self.ask(authenticator, "chosen", "wrong", in: clients) }
        // The secret is right, and was never verified.
        #expect(try await Self.ask(authenticator, "chosen", "U*U", in: clients) == .tooManyFailures)
        #expect(insertions.load(ordering: .relaxed) == 0)
        #expect(try await Self.ask(authenticator, "chosen", "U*U", from: "192.0.2.2", in: clients) == nil)
        #expect(insertions.load(ordering: .relaxed) == 1)
        #expect(try await Self.ask(authenticator, "chosen", "U*U", in: clients) == nil)
        #expect(try await Self.ask(authenticator, "a", "right", in: clients) == nil)
        #expect(insertions.load(ordering: .relaxed) == 1)
    }

    /// A client that tries again and again while the service is busy does not lock itself out.
    @Test("A secret that an overloaded service cannot check counts for nothing")
    func whatWasNotCheckedIsNotCounted() async throws {
        let clients = try Self.clients()
        let limits = FailureLimits(failures: 3, addressFailures: 4, clientFailures: 3, window: .seconds(60))
        let authenticator = try Self.authenticator(limits, capacity: 0)
        for _ in 0..<20 {
            #expect(try await Self.ask(authenticator, "chosen", "U*U", in: clients) == .overloaded)
            #expect(try await Self.ask(authenticator, "a", "wrong", in: clients) == .overloaded)
            #expect(try await Self.ask(authenticator, "a", "right", in: clients) == nil)
        }
    }

    @Test("A password hash is derived once for a secret, even if the clients are reloaded in between")
    func aReloadDerivesNothing() async throws {
        let cache = try VerifiedSecretCache().secrets
        let derivations = Atomic(0)
        let authenticator = try Self.authenticator(
            verified: VerifiedSecrets(
                code: cache.code, contains: cache.contains,
                insert: { code, hash in
                    derivations.add(1, ordering: .relaxed)
                    cache.insert(code, hash)
                }))
        for _ in 0..<3 {
            #expect(try await Self.ask(authenticator, "chosen", "U*U", in: try Self.clients()) == nil)
        }
        #expect(derivations.load(ordering: .relaxed) == 1)
    }
}
