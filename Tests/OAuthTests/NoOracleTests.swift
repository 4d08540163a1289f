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
        let cheap = try PasswordHash(parsing: "$pbkdf2-sha256$i=1000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
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
        _ = try refusal(of: request, in: clients, cost: &work)
        return work
    }

    private func refusal(
        of request: EndpointRequest, in clients: ClientRegistry, cost: inout AuthenticationCost
    ) throws -> AuthenticationFailure? {
        let authentication = try clients.authenticate(
            TokenRequest(parsing: request).credentials, verified: .none, now: Fixture.now, cost: &cost)
        switch authentication {
        case .refused(let failure): return failure
        case .password(let check):
            guard case .failure(let failure) = try check.run(cost: &cost) else { break }
            return failure
        case .proven, .assertion, .identity: break
        }
        Issue.record("the credentials were accepted")
        return nil
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

    @Test(
        "A secret that the client knows is no guess, though it has expired or comes by another method",
        arguments: [
            ("nobody", "right", AuthenticationFailure(.wrongPassword, cause: .unknownClient)),
            ("one", "wrong", AuthenticationFailure(.wrongPassword, cause: .wrongSecret)),
            ("chosen", "wrong", AuthenticationFailure(.wrongPassword, cause: .wrongSecret)),
            ("three", "old", AuthenticationFailure(.notAccepted, cause: .expiredSecret)),
            ("post", "right", AuthenticationFailure(.notAccepted, cause: .wrongMethod)),
        ])
    func whatIsNoGuess(id: String, secret: String, failure: AuthenticationFailure) throws {
        let request = Fixture.post("grant_type=client_credentials", authorization: [Fixture.basic("\(id):\(secret)")])
        var work = AuthenticationCost()
        #expect(try refusal(of: request, in: clients, cost: &work) == failure)
    }

    @Test("Without password hashes a wrong secret is refused at once")
    func withoutPasswordHashes() throws {
        let digest = ClientSecret(hash: try ClientSecretHash(of: "right"))
        let clients = try ClientRegistry([try Client(id: ClientID("one"), secrets: [digest])])
        let request = Fixture.post("grant_type=client_credentials", authorization: [Fixture.basic("one:wrong")])
        var work = AuthenticationCost()
        #expect(try refusal(of: request, in: clients, cost: &work)?.weight == .wrongCredentials)
        #expect(work.derivations.isEmpty)
    }

    /// Openwall's vector for bcrypt.
    @Test("A secret that a password hash confirms is no guess, though it comes by another method")
    func aPasswordByAnotherMethod() throws {
        let hash = try PasswordHash(parsing: "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
        let clients = try ClientRegistry([
            try Client(
                id: ClientID("post"), secrets: [ClientSecret(hash: .password(hash))],
                authenticationMethod: .clientSecretPost)
        ])
        let request = Fixture.post("grant_type=client_credentials", authorization: [Fixture.basic("post:U*U")])
        var work = AuthenticationCost()
        #expect(try refusal(of: request, in: clients, cost: &work)?.cause == .wrongMethod)
    }
}
