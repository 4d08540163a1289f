import AccessToken
import JOSE
import Libcrypto
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// The members of RFC 8705 in `clients.yaml`, and the settings that they depend on.
@Suite struct ClientCertificatesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ entry: String, _ support: CertificateSupport? = nil) throws -> Client {
        let yaml = try YAMLText(
            path: "clients.yaml", text: "clients:\n  - client_id: a\n    " + entry.replacing("\n", with: "\n    "))
        let reading = try ClientsFile(
            parsing: yaml, context: support.map { ClientsContext(certificates: $0) }
        ).read()
        guard reading.problems.isEmpty else { throw InvalidConfiguration(reading.problems) }
        return reading.clients[0]
    }

    private func problems(_ entry: String, _ support: CertificateSupport? = nil) -> [String] {
        Self.problems { _ = try read(entry, support) }
    }

    private static func problems(_ body: () throws -> Void) -> [String] {
        do { try body() } catch {
            let problems = (error as? InvalidConfiguration)?.problems ?? []
            return problems.map { "\($0.place.line ?? 0): \($0.message)" }
        }
        return []
    }

    private static let tls = "token_endpoint_auth_method: tls_client_auth\n"
    private static let selfSigned = "token_endpoint_auth_method: self_signed_tls_client_auth\n"

    private func certificate(_ name: String) throws -> Certificate {
        let pem = try TestVectors.octets("certificates/clients/\(name).pem")
        return try Certificate.readAll(pem: pem.span)[0]
    }

    private func jwk(_ name: String, chain: String? = nil) throws -> String {
        let key = JWK(try certificate(name).publicKey(), keyID: nil, algorithm: nil)
        var writer = JSONWriter()
        key.write(to: &writer)
        let text = String(decoding: writer.bytes, as: UTF8.self)
        guard let chain else { return text }
        return "\(text.dropLast()),\"x5c\":\(chain)}"
    }

    private func chain(_ name: String) throws -> String { "[\"\(Base64.encode(try certificate(name).der))\"]" }

    @Test(
        "RFC 8705 section 2.1.2: a client has one of five subjects",
        arguments: [
            ("subject_dn", "CN=payments,O=Example"), ("san_dns", "payments.example.com"),
            ("san_uri", "spiffe://example.org/payments"), ("san_ip", "192.0.2.7"), ("san_email", "a@example.com"),
        ])
    func subjects(name: String, text: String) throws {
        let client = try read(Self.tls + "tls_client_auth_\(name): \"\(text)\"")
        #expect(client.certificates.subject?.form.rawValue == "tls_client_auth_\(name)")
        #expect(client.certificates.subject?.text == text)
        #expect(client.authenticationMethods == [.tlsClientAuth])
        #expect(!client.certificates.bindsAccessTokens)
    }

    @Test("What makes no sense together is refused with its line")
    func contradictions() throws {
        let dns = "tls_client_auth_san_dns: a.example\n"
        #expect(problems(Self.tls) == ["3: token_endpoint_auth_method needs the subject of the client's certificate"])
        #expect(
            problems(Self.tls + dns + "tls_client_auth_san_ip: 192.0.2.7")
                == [
                    "5: tls_client_auth_san_ip cannot be combined with tls_client_auth_san_dns: a client has one subject"
                ])
        #expect(problems(Self.tls + "tls_client_auth_san_dns: \"\"") == ["4: tls_client_auth_san_dns is empty"])
        #expect(problems(Self.tls + "tls_client_auth_san_dns: 192.0.2.7").count == 1)
        #expect(
            problems(Self.selfSigned + "jwks: {keys: [\(try jwk("self-signed"))]}\n" + dns)
                == ["5: tls_client_auth_san_dns comes without token_endpoint_auth_method: tls_client_auth"])
        for other in [
            "client_secrets: [{hash: \"sha256:\(Base64URL.encode([UInt8](repeating: 0, count: 32)))\"}]",
            "jwks: {keys: [\(try jwk("self-signed"))]}", "jwks_uri: https://a.example/jwks",
        ] {
            let name = other.prefix { $0 != ":" }
            #expect(problems(Self.tls + dns + other) == ["5: \(name) cannot be used with tls_client_auth"])
        }
        #expect(
            problems(Self.selfSigned + "jwks_uri: https://a.example/jwks").first
                == "3: token_endpoint_auth_method needs jwks with the client's certificates")
        #expect(
            problems(Self.tls + dns + "tls_client_certificate_bound_access_tokens: 1")
                == ["5: tls_client_certificate_bound_access_tokens is neither true nor false"])
    }

    @Test("RFC 8705 section 2.2.2: a key with x5c is that certificate, one without is every certificate of the key")
    func registered() throws {
        let certificate = try jwk("self-signed", chain: chain("self-signed"))
        let client = try read(
            Self.selfSigned + "tls_client_certificate_bound_access_tokens: true\n"
                + "jwks: {keys: [\(certificate), \(try jwk("self-signed-other"))]}")
        #expect(client.keys == nil)
        #expect(client.certificates.bindsAccessTokens)
        #expect(client.authenticationMethods == [.selfSignedTLSClientAuth])
        let kinds = client.certificates.registered.map { if case .certificate = $0 { "certificate" } else { "key" } }
        #expect(kinds == ["certificate", "key"])
        let other = try jwk("self-signed", chain: chain("self-signed-other"))
        for (key, reason) in [
            (other, "the certificate in x5c has another key (RFC 7517 section 4.7)"),
            (
                try jwk("self-signed", chain: "[]"),
                "x5c is not a list that begins with a certificate: base64 of its DER"
            ),
            (
                try jwk("self-signed", chain: "[\"AAAA\"]"),
                "x5c is not a list that begins with a certificate: base64 of its DER"
            ),
        ] {
            #expect(
                problems(Self.selfSigned + "jwks: {keys: [\(key)]}")
                    == ["4: jwks has a key that cannot be used: key 1, \(reason)"])
        }
    }

    @Test("A client that needs a certificate is refused if none arrives, or if no authority verifies it")
    func support() throws {
        let dns = Self.tls + "tls_client_auth_san_dns: a.example"
        let own = Self.selfSigned + "jwks: {keys: [\(try jwk("self-signed"))]}"
        let hash = Base64URL.encode([UInt8](repeating: 0, count: 32))
        let bound = "client_secrets: [{hash: \"sha256:\(hash)\"}]\ntls_client_certificate_bound_access_tokens: true"
        let nothing = CertificateSupport(hasAuthorities: false, canArrive: false)
        let arrives = CertificateSupport(hasAuthorities: false, canArrive: true)
        for entry in [dns, own, bound] {
            #expect(problems(entry, nothing).first?.contains("needs certificates of clients, and none arrives") == true)
            #expect(problems(entry, CertificateSupport(hasAuthorities: true, canArrive: true)).isEmpty)
            #expect(problems(entry).isEmpty)
        }
        #expect(
            problems(dns, arrives) == [
                "3: token_endpoint_auth_method needs the authorities that sign certificates of clients"
            ])
        #expect(problems(own, arrives).isEmpty && problems(bound, arrives).isEmpty)
    }

    private func configuration(_ text: String) throws -> ServiceConfiguration {
        try folder.write(text, to: "writ.yaml")
        return try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: [:])
    }

    private func problems(ofSettings text: String) -> [String] {
        Self.problems { _ = try configuration(text) }
    }

    @Test(
        "The settings: authorities, binding for all, another host, TLS that ends upstream, and the field of the proxies"
    )
    func settings() throws {
        let here = try configuration(
            """
            issuer: https://tokens.example.com
            access_token: { certificate_bound: true }
            tls: { certificate: a.crt, private_key: a.key, client_ca: ca.pem, mtls_alias: "https://mtls.example.com" }

            """)
        #expect(here.clientCAFile == FilePath(folder.path("ca.pem")))
        #expect(here.policy.bindsTokensToCertificates)
        #expect(here.certificateOrigin == "https://mtls.example.com")
        #expect(here.assertionAudiences.contains("https://mtls.example.com/oauth2/token"))
        #expect(here.decidingFiles.contains(FilePath(folder.path("ca.pem"))))
        #expect(here.certificateSupport == CertificateSupport(hasAuthorities: true, canArrive: true))
        let proxied = try configuration(
            """
            issuer: https://tokens.example.com
            tls: { terminated: upstream, client_ca: ca.pem }
            trusted_proxies: { from: [10.0.0.0/8], field: forwarded, client_certificate: Client-Cert }

            """)
        #expect(proxied.tls == .upstream)
        #expect(proxied.trustedProxies.certificateField == .clientCert)
        #expect(proxied.certificateSupport == CertificateSupport(hasAuthorities: true, canArrive: true))
        let plain = try configuration("issuer: http://localhost\n")
        #expect(plain.certificateSupport == CertificateSupport(hasAuthorities: false, canArrive: false))
        #expect(!plain.policy.bindsTokensToCertificates)
    }

    @Test(
        "Settings that no certificate can reach are refused with their line",
        arguments: [
            ("tls: { client_ca: ca.pem }", "2: tls.client_ca is set, but no certificate of a client arrives"),
            (
                "access_token: { certificate_bound: on }",
                "2: access_token.certificate_bound is set, but no certificate of a client arrives"
            ),
            ("tls: { mtls_alias: \"https://a.example\" }", "2: tls.mtls_alias is set, but no certificate"),
            ("access_token: { certificate_bound: maybe }", "2: access_token.certificate_bound is neither on nor off"),
            (
                "trusted_proxies: { from: [10.0.0.0/8], client_certificate: ssl-client-cert }",
                "2: trusted_proxies.client_certificate is neither client-cert nor x-forwarded-client-cert"
            ),
            (
                "trusted_proxies: { client_certificate: client-cert }",
                "2: trusted_proxies.client_certificate comes without trusted_proxies.from"
            ),
        ])
    func unreachableSettings(line: String, problem: String) {
        let found = problems(ofSettings: "issuer: http://localhost\n\(line)\n")
        #expect(found.contains { $0.hasPrefix(problem) }, "\(found)")
    }

    @Test(
        "tls: a wrong word, a path in the other host, and both ways to say that a proxy ends TLS",
        arguments: [
            ("{ terminated: here }", "2: tls.terminated is not upstream"),
            ("{ terminated: upstream, certificate: a, private_key: b }", "2: tls.terminated is set together with a"),
            (
                "{ certificate: a, private_key: b, mtls_alias: \"https://a.example/b\" }",
                "2: tls.mtls_alias is not https:// and a host, without a path"
            ),
            (
                "{ certificate: a, private_key: b, mtls_alias: \"http://a.example\" }",
                "2: tls.mtls_alias is not https:// and a host, without a path"
            ),
        ])
    func wrongTLS(value: String, problem: String) {
        let found = problems(ofSettings: "issuer: https://a.example\ntls: \(value)\n")
        #expect(found.contains { $0.hasPrefix(problem) }, "\(found)")
    }

    @Test("A new client is written so that it reads as it was given")
    func newClients() throws {
        try folder.write(
            String(decoding: TestVectors.octets("certificates/clients/self-signed.pem"), as: UTF8.self), to: "own.pem")
        let subject = try CertificateSubject(.distinguishedName, #"CN="a: b",O=Example\, Inc."#)
        let credentials: [NewClient.Credential] = [
            .certificateSubject(subject), .certificate(try ClientCertificateFile(FilePath(folder.path("own.pem")))),
        ]
        for credential in credentials {
            let lines = NewClient(
                id: try ClientID("a"), credential: credential, scope: .empty, bindsAccessTokens: true
            ).yamlLines
            let client = try read(lines.dropFirst().joined(separator: "\n"))
            #expect(client.certificates.bindsAccessTokens)
            #expect((client.certificates.subject != nil) != !client.certificates.registered.isEmpty)
            if let own = client.certificates.subject { #expect(own == subject) }
        }
        try folder.write(
            String(decoding: TestVectors.octets("certificates/clients/root.pem"), as: UTF8.self)
                + String(decoding: TestVectors.octets("certificates/clients/self-signed.pem"), as: UTF8.self),
            to: "two.pem")
        #expect(throws: InvalidConfiguration.self) { try ClientCertificateFile(FilePath(folder.path("two.pem"))) }
    }
}
