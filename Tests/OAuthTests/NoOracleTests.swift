import AccessToken
import JOSE
import Libcrypto
import Testing

@testable import OAuth

/// A refused client learns nothing from the work of its refusal. The tests compare the operations, each counted by the
/// code that performs it.
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
        #expect(throws: TokenRefusal(.invalidClient)) {
            let authentication = try clients.authenticate(
                TokenRequest(parsing: request).credentials, verified: .none, now: Fixture.now, cost: &work)
            if case .password(let check) = authentication { _ = try check.run(cost: &work) }
        }
        return work
    }

    @Test(
        "Every refusal costs the same work, whatever its reason",
        arguments: [
            ("nobody", "wrong"), ("three", "wrong"), ("three", "old"), ("post", "right"), ("chosen", "wrong"),
            ("both", "wrong"), ("nobody", "right"),
        ])
    func everyRefusalCostsTheSame(id: String, secret: String) throws {
        let expected = try work("one", "wrong")
        #expect(try work(id, secret) == expected)
        #expect(expected.derivations.values.sorted() == [1, 1])
        #expect(expected.comparisons == 7)
    }
}
