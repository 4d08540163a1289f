import AccessToken
import JOSE
import Libcrypto
import OAuth
import Testing

@testable import ServiceFiles

@Suite struct RegistrationImportTests {
    private let fixture: ExportFixture

    init() throws { fixture = try ExportFixture() }

    private static let secret = "a-registered-secret-of-a-client"

    @Test("A registration is carried with the names that it has")
    func carriesRegistrations() throws {
        let later = ExportFixture.now.seconds + 10
        let export = #"""
            { "client_id": "s6BhdRkqt3", "client_secret": "\#(Self.secret)", "client_secret_expires_at": \#(later),
              "client_id_issued_at": 2893256800, "client_name": "Batch", "grant_types": ["client_credentials", "refresh_token"],
              "token_endpoint_auth_method": "client_secret_post", "scope": "read write", "dpop_bound_access_tokens": true,
              "tls_client_certificate_bound_access_tokens": false }
            """#
        let imported = try fixture.client(export, from: .rfc7591)
        let client = try #require(imported.client)
        #expect(imported.outcome == .whole && client.secrets.map(\.expiresAt?.seconds) == [later])
        #expect(client.grantTypes == [.clientCredentials, .refreshToken] && client.requiresProof)
        #expect(client.authenticationMethods == [.clientSecretPost] && client.scope.description == "read write")
        #expect(client.tokenShape == .standard)
    }

    @Test(
        "RFC 7591 section 2: without grant_types a client uses authorization_code, and without a method client_secret_basic",
        arguments: [
            ("", "it uses authorization_code, and neither client_credentials nor jwt-bearer"),
            (
                #", "grant_types": ["client_credentials"], "token_endpoint_auth_method": "none""#,
                "it is a public client, which has no credential"
            ),
        ])
    func leavesOut(members: String, reason: String) throws {
        let imported = try fixture.client(
            #"{ "client_id": "x", "client_secret": "\#(Self.secret)"\#(members) }"#, from: .rfc7591)
        #expect(imported.reason == reason)
    }

    @Test(
        "Credentials that Writ cannot check refuse the client",
        arguments: [
            (#""token_endpoint_auth_method": "client_secret_jwt""#, "it authenticates with client_secret_jwt"),
            (#""token_endpoint_auth_method": "private_key_jwt""#, "its keys are not in the export"),
            (
                #""token_endpoint_auth_method": "tls_client_auth""#,
                "the export does not have one subject of its certificate"
            ),
            (
                #""token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://a.example/k""#,
                "its certificates are at jwks_uri: Writ has them in jwks"
            ),
            (#""client_secret_expires_at": 5, "client_secret": "\#(secret)""#, "it has no secret that is valid"),
            (#""client_secret": """#, "its secret is not in the export"),
        ])
    func refusesCredentials(members: String, loss: String) throws {
        let imported = try fixture.client(
            #"{ "client_id": "x", "grant_types": ["client_credentials"], \#(members) }"#, from: .rfc7591)
        #expect(imported.outcome == .refused && imported.losses.first == loss)
    }

    @Test(
        "Numbers of any size are read, or the client is refused",
        arguments: [
            "9223372036854775807", "9223372036854775808", "1e308", "-1", "\"9223372036854775807\"", "null", "[]",
        ])
    func readsAnyEnd(end: String) throws {
        let export =
            #"{ "client_id": "x", "client_secret": "\#(Self.secret)", "grant_types": ["client_credentials"], "client_secret_expires_at": \#(end) }"#
        #expect(try fixture.client(export, from: .rfc7591).outcome == .whole)
    }

    @Test("Keys and subjects of certificates are carried")
    func carriesKeys() throws {
        var writer = JSONWriter()
        JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "k", algorithm: nil).write(to: &writer)
        let key = String(decoding: writer.bytes, as: UTF8.self)
        func outcome(_ members: String) throws -> ImportedClient {
            try fixture.client(
                #"{ "client_id": "x", "grant_types": ["client_credentials"], \#(members) }"#, from: .rfc7591)
        }
        let fixed = try outcome(#""token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [\#(key)]}"#)
        #expect(fixed.outcome == .whole && fixed.client?.authenticationMethods == [.privateKeyJWT])
        let symmetric = #"{"kty":"oct","k":"c2VjcmV0"}"#
        let mixed = try outcome(
            #""token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [\#(key), \#(symmetric)]}"#)
        #expect(mixed.outcome == .part && mixed.losses.count == 1)
        #expect(!mixed.lines.joined().contains("c2VjcmV0"))
        let private_ = key.dropLast() + #","d":"AAAA"}"#
        let refused = try outcome(#""token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [\#(private_)]}"#)
        #expect(refused.outcome == .refused && refused.lines.isEmpty)
        let subject = try outcome(
            #""token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.example""#)
        #expect(subject.client?.authenticationMethods == [.tlsClientAuth])
    }
}
