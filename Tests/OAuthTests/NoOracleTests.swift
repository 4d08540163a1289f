import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// Whoever may not come in learns nothing from how much work it was to say so. What is compared is the work itself,
/// counted where it is spent.
@Suite struct NoOracleTests {
    private let clients: ClientRegistry

    init() throws {
        let digest = ClientSecret(hash: try ClientSecretHash(of: "right"))
        let old = ClientSecret(hash: try ClientSecretHash(of: "old"), expiresAt: Fixture.now)
        let cheap = try PasswordHash(parsing: "$pbkdf2-sha256$i=10$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
        let bcrypt = try PasswordHash(parsing: "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
        clients = try ClientRegistry([
            try Client(id: ClientID("one"), secrets: [digest]),
            try Client(id: ClientID("three"), secrets: [digest, old, digest]),
            try Client(id: ClientID("post"), secrets: [digest], authenticationMethod: .clientSecretPost),
            try Client(id: ClientID("chosen"), secrets: [ClientSecret(hash: .password(cheap))]),
            try Client(
                id: ClientID("both"),
                secrets: [ClientSecret(hash: .password(bcrypt)), ClientSecret(hash: .password(cheap)), digest]),
        ])
    }

    private func work(_ id: String, _ secret: String) throws -> AuthenticationCost {
        let request = Fixture.post(
            "grant_type=client_credentials", authorization: [Fixture.basic("\(id):\(secret)")])
        var work = AuthenticationCost()
        #expect(throws: TokenError.invalidClient) {
            let authentication = try clients.authenticate(
                TokenRequest(parsing: request).credentials, now: Fixture.now, work: &work)
            if case .password(let trial) = authentication { _ = try trial.run(work: &work) }
        }
        return work
    }

    @Test(arguments: [
        ("nobody", "wrong"), ("three", "wrong"), ("three", "old"), ("post", "right"), ("chosen", "wrong"),
        ("both", "wrong"), ("nobody", "right"),
    ])
    func everyRefusalCostsTheSame(id: String, secret: String) throws {
        let expected = try work("one", "wrong")
        #expect(try work(id, secret) == expected)
        #expect(expected.derivations.values.sorted() == [1, 1])
        #expect(expected.comparisons == 5)
    }

    @Test func aRightSecretIsRememberedAndCostsNoSecondDerivation() throws {
        let salt = Array("saltsalt".utf8)
        let function = PasswordDerivation.pbkdf2(.sha256, iterations: 10)
        let secret = Array("chosen by a person".utf8)
        let derived = try function.derive(16, from: secret.span, salt: salt.span)
        let text = "$pbkdf2-sha256$10$\(Base64URL.encode(salt))$\(Base64URL.encode(derived))"
        let hash = try PasswordHash(
            parsing: String(text.map { $0 == "-" ? "." : $0 == "_" ? "/" : $0 }).replacing(
                "$pbkdf2.sha256", with: "$pbkdf2-sha256"))
        let clients = try ClientRegistry([
            try Client(id: ClientID("a"), secrets: [ClientSecret(hash: .password(hash))])
        ])
        let request = try TokenRequest(
            parsing: Fixture.post(
                "grant_type=client_credentials&client_id=a&client_secret=chosen+by+a+person"))
        let first = try clients.authenticate(request.credentials, now: Fixture.now)
        #expect(first.provenClient == nil)
        #expect(try first.conclude().client.id.description == "a")
        #expect(try clients.authenticate(request.credentials, now: Fixture.now).provenClient != nil)
        // What is remembered does not outlive the registry.
        let reloaded = try ClientRegistry([
            try Client(id: ClientID("a"), secrets: [ClientSecret(hash: .password(hash))])
        ])
        #expect(try reloaded.authenticate(request.credentials, now: Fixture.now).provenClient == nil)
    }
}
