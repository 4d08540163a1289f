import AccessToken
import OAuth
import Testing

@testable import TokenHTTP

/// What counts as an attempt where no check is made to its end.
@Suite struct ClientAuthenticatorTests {
    private static func credentials(_ secret: String) throws -> PresentedCredentials {
        try TokenRequest(
            parsing: EndpointRequest(
                contentType: "application/x-www-form-urlencoded",
                body: Array("grant_type=client_credentials&client_id=chosen&client_secret=\(secret)".utf8))
        ).credentials
    }

    /// A service without room for slow checks must not tell remembered secrets from others for nothing.
    @Test func guessesAreCountedWhileTheServiceIsBusy() async throws {
        let hash = try PasswordHash(parsing: "$pbkdf2-sha256$i=10$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
        let clients = try ClientRegistry([
            try Client(id: ClientID("chosen"), secrets: [ClientSecret(hash: .password(hash))])
        ])
        let gate = try ClientAuthenticator(
            limits: .init(failures: 3, addressFailures: 100, window: .seconds(60)), audiences: [],
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 0), keySets: ClientKeySets { _, _ in })
        var errors: [TokenError] = []
        for guess in 0..<5 {
            let refusal = await #expect(throws: ClientAuthenticator.Refusal.self) {
                try await gate.authenticate(
                    Self.credentials("\(guess)"), from: AddressBlock(octets: [192, 0, 2, 1]), in: clients,
                    now: ServiceFixture.now)
            }
            if let refusal { errors.append(refusal.error) }
        }
        #expect(errors == [.overloaded, .overloaded, .overloaded, .tooManyFailures, .tooManyFailures])
    }
}
