import AccessToken
import Admission
import OAuth
import Testing

@testable import TokenHTTP

/// What counts as an attempt where no check is made to its end.
@Suite struct ClientAuthenticatorTests {
    private static func request(_ secret: String) -> EndpointRequest {
        EndpointRequest(
            url: "https://tokens.example.com/oauth2/token",
            fields: .init(contentType: "application/x-www-form-urlencoded"),
            body: Array("grant_type=client_credentials&client_id=chosen&client_secret=\(secret)".utf8),
            origin: IPAddress("192.0.2.1"))
    }

    /// A service without room for slow checks must not tell remembered secrets from others for nothing.
    @Test func guessesAreCountedWhileTheServiceIsBusy() async throws {
        let hash = try PasswordHash(parsing: "$pbkdf2-sha256$i=10$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
        let clients = try ClientRegistry([
            try Client(id: ClientID("chosen"), secrets: [ClientSecret(hash: .password(hash))])
        ])
        let authenticator = try ClientAuthenticator(
            limits: .init(failures: 3, addressFailures: 100, window: .seconds(60)), audiences: [],
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 0), keySets: ClientKeySets { _, _ in })
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
}
