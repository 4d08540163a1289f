import AccessToken
import Admission
import JOSE
import Libcrypto
import OAuth
import RemoteKeys
import ServiceFixture
import Telemetry
import WireText

@testable import TokenHTTP

/// A platform with a key of its own, which signs tokens for the workload `pod`, and authenticators that meet them.
struct PlatformFixture {
    static let assertion =
        "grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        + "&client_assertion="
    static let service = "https://tokens.example.com"

    let key: PrivateKey
    let keys: JWKSet

    init() throws {
        key = try PrivateKey.generate(on: .p256)
        keys = JWKSet([JWK(try key.publicKey, keyID: "k1", algorithm: nil)])
    }

    /// - Parameter keys: their place; `nil` for a file with them.
    func issuers(
        _ keys: TrustedIssuer.Keys? = nil, name: String = "a", isSingleUse: Bool = false
    ) throws -> [TrustedIssuer] {
        [
            try TrustedIssuer(
                name: name, identifier: "https://a.example", keys: keys ?? .fixed(self.keys, file: "keys.json"),
                isSingleUse: isSingleUse)
        ]
    }

    func registered(_ clients: [Client], _ issuers: [TrustedIssuer]) throws -> RegisteredClients {
        let clients = try ClientRegistry(clients)
        return RegisteredClients(
            clients, identities: IdentityRegistry(issuers, clients, of: try Issuer(Self.service)))
    }

    static func authenticator(
        _ limits: FailureLimits = .standard, keySets: ClientKeySets = ClientKeySets { _ in },
        issuerKeys: IssuerKeySets = IssuerKeySets { _ in }, used: (any ReplayProtection)? = nil
    ) throws -> ClientAuthenticator {
        ClientAuthenticator(
            limits: limits, audiences: { [Self.service, $0] },
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 8),
            verifiedSecrets: try VerifiedSecretCache().secrets, keySets: keySets, issuerKeys: issuerKeys,
            usedAssertions: try used ?? ReplayCache(start: NumericDate(.min)))
    }

    /// A token that lives for ten minutes.
    ///
    /// - Parameter issuer: `nil` for an assertion that the client `subject` makes.
    func token(
        issuer: String? = "https://a.example", subject: String = "pod", keyID: String = "k1", jti: String? = nil,
        issuedAt: NumericDate = ServiceFixture.now
    ) throws -> String {
        var claims = JSONWriter()
        claims.object { object in
            object.member("iss", issuer ?? subject)
            object.member("sub", subject)
            object.member("aud", Self.service)
            object.member("iat", issuedAt.seconds)
            object.member("exp", issuedAt.seconds + (issuer == nil ? 60 : 600))
            if let jti { object.member("jti", jti) }
        }
        let input = JWSSigningInput(
            encodedHeader: JOSEHeader.encoded(.es256, type: "JWT", keyID: keyID), payload: claims.bytes)
        let signature = try SigningContext(key: key, scheme: .ecdsa(.p256, .sha256)).sign(input.octets.span)
        return input.compactText(with: signature)
    }

    /// The refusal of a request; `nil` if its client is authenticated.
    static func refusal(
        of body: String, by authenticator: ClientAuthenticator, now: NumericDate = ServiceFixture.now,
        in registered: @Sendable () -> RegisteredClients
    ) async throws -> TokenRefusal? {
        let request = EndpointRequest(
            url: "https://tokens.example.com/oauth2/token",
            fields: .init(contentType: "application/x-www-form-urlencoded"), body: Array(body.utf8),
            origin: IPAddress("192.0.2.1"))
        do throws(TokenRefusal) {
            let credentials = try TokenRequest(parsing: request).credentials
            _ = try await authenticator.authenticate(
                credentials, of: request, in: registered, rules: .standard, now: now)
            return nil
        } catch {
            return error
        }
    }
}
