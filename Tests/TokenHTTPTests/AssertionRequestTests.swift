import AccessToken
import Admission
import HTTPEdge
import JOSE
import Libcrypto
import NIOHTTP1
import OAuth
import ServiceFixture
import Synchronization
import Telemetry
import TestSupport
import Testing
import WireText

@testable import TokenHTTP

/// Assertions in requests: what is recorded over changes of the rules, and what the log says.
@Suite struct AssertionRequestTests {
    private let key: PrivateKey
    private let clients: ClientRegistry
    private let authenticator: ClientAuthenticator

    init() throws {
        key = try PrivateKey.generate(on: .p256)
        let keys = ClientKeys.fixed(JWKSet([JWK(try key.publicKey, keyID: "k1", algorithm: nil)]))
        clients = try ClientRegistry([try Client(id: ClientID("job"), secrets: [], keys: keys)])
        authenticator = ClientAuthenticator(
            limits: .standard, audiences: { ["https://tokens.example.com", $0] },
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 8),
            verifiedSecrets: try VerifiedSecretCache().secrets, keySets: ClientKeySets { _ in },
            usedAssertions: try ReplayCache(start: NumericDate(.min)))
    }

    private static let url = "https://tokens.example.com/oauth2/introspect"

    private func assertion(
        audience: String = "https://tokens.example.com", expiresAt: NumericDate, jti: String? = "1"
    ) throws -> String {
        var claims = JSONWriter()
        claims.object { object in
            for name in ["iss", "sub"] { object.member(name, "job") }
            object.member("aud", audience)
            object.member("exp", expiresAt.seconds)
            if let jti { object.member("jti", jti) }
        }
        let signer = try SigningKey(key, keyID: "k1", algorithm: .es256)
        let input = JWSSigningInput(
            encodedHeader: JOSEHeader.encoded(.es256, type: "JWT", keyID: "k1"), payload: claims.bytes)
        let signature = try SigningContext(key: key, scheme: signer.scheme).sign(input.octets.span)
        return input.compactText(with: signature)
    }

    /// The cause of the refusal; `nil` if the client is authenticated.
    private func cause(
        _ assertion: String, rules: AssertionRules = .standard, now: NumericDate = ServiceFixture.now,
        by authenticator: ClientAuthenticator? = nil, from address: IPAddress? = nil
    ) async throws -> RefusalCause? {
        let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        let body = "token=a&client_assertion_type=\(type)&client_assertion=\(assertion)"
        let request = EndpointRequest(
            url: Self.url, fields: .init(contentType: "application/x-www-form-urlencoded"), body: Array(body.utf8),
            origin: address)
        do throws(TokenRefusal) {
            _ = try await (authenticator ?? self.authenticator).authenticate(
                IntrospectionRequest(parsing: request).credentials, of: request,
                in: { [clients] in RegisteredClients(clients) },
                rules: rules, now: now)
            return nil
        } catch {
            return error.cause
        }
    }

    private static func rules(_ lifetime: Int64, isSingleUse: Bool = true) -> AssertionRules {
        AssertionRules(longestLifetime: .seconds(lifetime), isSingleUse: isSingleUse)
    }

    @Test(
        "An assertion is refused for as long as it lives, also if the longest lifetime is lowered and raised meanwhile")
    func changedLifetimes() async throws {
        let now = ServiceFixture.now
        let text = try assertion(expiresAt: now + .seconds(3600))
        #expect(try await cause(text, rules: Self.rules(3600)) == nil)
        for wait in [10, 700, 1400, 2100, 2800] as [Int64] {
            // Other uses make the cache drop what has expired.
            let other = try assertion(expiresAt: now + .seconds(wait + 60), jti: "\(wait)")
            #expect(try await cause(other, now: now + .seconds(wait)) == nil)
            #expect(try await cause(text, rules: Self.rules(300), now: now + .seconds(wait)) == .assertionLifetime)
            #expect(try await cause(text, rules: Self.rules(3600), now: now + .seconds(wait)) == .assertionReplayed)
        }
        #expect(try await cause(text, rules: Self.rules(300), now: now + .seconds(3400)) == .assertionReplayed)
    }

    @Test("What was used while single use was off is refused when it is on")
    func singleUseIsSwitchedOn() async throws {
        let text = try assertion(expiresAt: ServiceFixture.now + .seconds(60))
        for _ in 0..<3 { #expect(try await cause(text, rules: Self.rules(300, isSingleUse: false)) == nil) }
        #expect(try await cause(text) == .assertionReplayed)
    }

    /// A store that does not answer, and records what it is asked.
    private struct SilentStore: ReplayProtection {
        let asked: @Sendable (UsedAssertion) -> Void

        func use(_ assertion: UsedAssertion, now: NumericDate) async throws(TokenRefusal) -> AssertionUse {
            asked(assertion)
            throw TokenRefusal(.replayStoreUnavailable)
        }
    }

    @Test("A store that does not answer is no failed attempt, and is asked for nothing that another rule refuses")
    func silentStore() async throws {
        let asked = Mutex<[String]>([])
        let authenticator = ClientAuthenticator(
            limits: .standard, audiences: { ["https://tokens.example.com", $0] },
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 8),
            verifiedSecrets: try VerifiedSecretCache().secrets, keySets: ClientKeySets { _ in },
            usedAssertions: SilentStore { used in asked.withLock { $0.append(used.tokenID) } })
        let end = ServiceFixture.now + .seconds(60)
        let address = IPAddress("192.0.2.1")
        for number in 0..<200 {
            let text = try assertion(expiresAt: end, jti: "\(number)")
            #expect(try await cause(text, by: authenticator, from: address) == .replayStoreUnavailable)
        }
        // 200 failures would have been 429.
        let foreign = try assertion(audience: "https://other.example.com", expiresAt: end, jti: "audience")
        let old = try assertion(expiresAt: ServiceFixture.now, jti: "expired")
        #expect(try await cause(foreign, by: authenticator, from: address) == .assertionAudience)
        #expect(try await cause(old, by: authenticator, from: address) == .assertionExpired)
        #expect(asked.withLock { $0 } == (0..<200).map { "\($0)" })
    }

    @Test("The URL of the endpoint that is called is an audience")
    func ownURL() async throws {
        let now = ServiceFixture.now + .seconds(60)
        #expect(try await cause(assertion(audience: Self.url, expiresAt: now)) == nil)
        #expect(try await cause(assertion(audience: Self.url + "/", expiresAt: now)) == .assertionAudience)
    }

    @Test(
        "The rules of the configuration and of the client apply to a request",
        arguments: [
            ("", "", 300, true), ("", "", 3600, false),
            ("client_assertion: { longest_lifetime: 1h }\n", "", 3600, true),
            ("", "client_assertion: { longest_lifetime: 1h }", 3600, true),
            ("client_assertion: { longest_lifetime: 1h }\n", "client_assertion: { longest_lifetime: 5m }", 3600, false),
        ] as [(String, String, Int64, Bool)])
    func configuredRules(service: String, client: String, lifetime: Int64, isAccepted: Bool) async throws {
        let fixture = try ServiceFixture(configuration: "issuer: https://tokens.example.com\n" + service)
        let keys = JWKSet([JWK(try key.publicKey, keyID: "k1", algorithm: nil)]).json()
        let entry = "  - client_id: job\n    jwks: \(String(decoding: keys, as: UTF8.self))\n    \(client)\n"
        try fixture.folder.write(fixture.folder.read("clients.yaml") + entry, to: "clients.yaml")
        let text = try assertion(expiresAt: ServiceFixture.now + .seconds(lifetime))
        let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        let response = try await send(
            Request(
                .POST, "/oauth2/token", fields: ["Content-Type": "application/x-www-form-urlencoded"],
                body: "grant_type=client_credentials&client_assertion_type=\(type)&client_assertion=\(text)"),
            to: fixture.tokenRouter().reply)
        #expect(response.status == (isAccepted ? 200 : 401))
    }

    /// Each assertion is malformed, and names a client in its payload.
    @Test(
        "The event of a malformed assertion has its cause, and the client if it is registered",
        arguments: [
            ("{\"alg\":\"HS256\"}", "reporting", RefusalCause.assertionAlgorithm),
            ("{\"alg\":\"ES256\"}", "reporting", .assertionAudience), ("{}", "reporting", .assertionMalformed),
            ("{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", "writ_cs_in-the-wrong-place", .assertionHeaderType),
        ])
    func events(header: String, client: String, cause: RefusalCause) async throws {
        let events = Mutex<[RequestEvent]>([])
        let router = try ServiceFixture().tokenRouter(report: { event in events.withLock { $0.append(event) } })
        let text = [header, "{\"sub\":\"\(client)\",\"iss\":\"\(client)\"}", "a"]
            .map { Base64URL.encode(Array($0.utf8)) }.joined(separator: ".")
        let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        for path in ["/oauth2/token", "/oauth2/introspect"] {
            let response = try await send(
                Request(
                    .POST, path, fields: ["Content-Type": "application/x-www-form-urlencoded"],
                    body: "grant_type=client_credentials&token=a&client_assertion_type=\(type)&client_assertion=\(text)"
                ),
                to: router.reply)
            #expect(response.status == 401)
            #expect(
                response.body == #"{"error":"invalid_client","error_description":"Client authentication failed."}"#)
        }
        for event in events.withLock({ $0 }) {
            #expect(event.refusal?.cause == cause)
            #expect(event.client?.id.description == (client == "reporting" ? client : nil))
            #expect(!event.description.contains("in-the-wrong-place"))
        }
        #expect(events.withLock { $0.count } == 2)
    }
}
