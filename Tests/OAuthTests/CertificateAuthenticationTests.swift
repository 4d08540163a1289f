import AccessToken
import JOSE
import Libcrypto
import TestSupport
import Testing

@testable import OAuth

/// Clients that authenticate with certificates, and tokens that are bound to them: RFC 8705.
@Suite struct CertificateAuthenticationTests {
    private let clients: ClientRegistry
    private let path: CertificatePathCheck
    private let policy: IssuancePolicy

    private static func certificate(_ name: String) throws -> Certificate {
        let pem = try TestVectors.octets("certificates/clients/\(name).pem")
        return try Certificate.readAll(pem: pem.span)[0]
    }

    init() throws {
        let secret = ClientSecret(hash: try ClientSecretHash(of: "right"))
        func client(
            _ id: String, secrets: [ClientSecret] = [], _ rules: ClientCertificateRules,
            _ method: TokenEndpointAuthenticationMethod? = nil, grantTypes: Set<GrantType> = [.clientCredentials]
        ) throws -> Client {
            try Client(
                id: ClientID(id), secrets: secrets, identities: [], certificates: rules, authenticationMethod: method,
                grantTypes: grantTypes)
        }
        let dns = try CertificateSubject(.dnsName, "payments.example.com")
        let own = try Self.certificate("self-signed")
        clients = try ClientRegistry([
            client("payments", .init(subject: dns), .tlsClientAuth),
            client("bound", .init(subject: dns, bindsAccessTokens: true), .tlsClientAuth),
            client("pinned", .init(registered: [.certificate(own.der)]), .selfSignedTLSClientAuth),
            client("key", .init(registered: [.key(own.publicKey())]), .selfSignedTLSClientAuth),
            client(
                "secret", secrets: [secret], .init(bindsAccessTokens: true),
                grantTypes: [.clientCredentials, .refreshToken]),
            client("plain", secrets: [secret], .none),
        ])
        let anchors = try TrustAnchors([Self.certificate("root")])
        path = CertificatePathCheck { certificate, presented, now in
            do throws(CertificatePathError) {
                let others = presented.intermediates.compactMap { try? Certificate(der: $0.span) }
                _ = try anchors.verify(certificate, through: others, for: .client, at: now.seconds)
                return nil
            } catch {
                return error
            }
        }
        policy = IssuancePolicy(issuer: try Issuer("https://tokens.example.com"))
    }

    private func request(_ body: String, _ names: [String]) throws -> EndpointRequest {
        var request = Fixture.post("grant_type=client_credentials&\(body)")
        let der = try names.map { try Self.certificate($0).der }
        request.certificate = der.first.map {
            PresentedCertificate(der: $0, intermediates: Array(der.dropFirst()))
        }
        return request
    }

    private func authenticate(
        _ request: EndpointRequest, withoutAuthorities: Bool = false, cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> AuthenticatedClient {
        try clients.authenticate(
            TokenRequest(parsing: request).credentials, certificatePath: withoutAuthorities ? nil : path,
            verified: .none, now: Fixture.now, cost: &cost
        ).conclude()
    }

    private func cause(_ body: String, _ names: [String], withoutAuthorities: Bool = false) throws -> RefusalCause? {
        var cost = AuthenticationCost()
        let request = try request(body, names)
        do throws(TokenRefusal) {
            _ = try authenticate(request, withoutAuthorities: withoutAuthorities, cost: &cost)
            return nil
        } catch {
            #expect(error.code == .invalidClient)
            return error.cause
        }
    }

    @Test(
        "RFC 8705 section 2: the certificate decides about a request with client_id alone",
        arguments: [
            ("payments", ["payments"], nil), ("payments", ["below-intermediate", "intermediate"], nil),
            ("payments", [], RefusalCause.certificateMissing), ("payments", ["svid"], .certificateSubject),
            ("payments", ["nul"], .certificateSubject), ("payments", ["wildcard"], .certificateSubject),
            ("payments", ["common-name"], .certificateSubject), ("payments", ["expired"], .certificateExpired),
            ("payments", ["future"], .certificateNotYetValid), ("payments", ["server"], .certificateUntrusted),
            ("payments", ["impostor"], .certificateUntrusted), ("payments", ["self-signed"], .certificateUntrusted),
            ("payments", ["below-intermediate"], .certificateUntrusted), ("payments", ["short"], .certificateUntrusted),
            ("payments", ["outside-constraint", "constrained"], .certificateUntrusted),
            ("pinned", ["self-signed"], nil), ("key", ["self-signed"], nil), ("key", ["self-signed-renewed"], nil),
            ("pinned", ["self-signed-renewed"], .certificateUnregistered),
            ("pinned", ["self-signed-other"], .certificateUnregistered),
            ("key", ["self-signed-other"], .certificateUnregistered),
            ("pinned", ["payments"], .certificateUnregistered),
            ("key", ["self-signed-expired"], .certificateExpired), ("pinned", [], .certificateMissing),
            ("plain", ["payments"], .wrongMethod), ("secret", ["payments"], .wrongMethod),
            ("plain", [], .noCredentials),
            ("nobody", ["payments"], .unknownClient), ("nobody", [], .noCredentials),
        ] as [(String, [String], RefusalCause?)])
    func causes(client: String, names: [String], cause expected: RefusalCause?) throws {
        #expect(try cause("client_id=\(client)", names) == expected)
    }

    @Test("Without an authority no certificate of one is accepted, and one that is registered is")
    func withoutAuthorities() throws {
        #expect(try cause("client_id=payments", ["payments"], withoutAuthorities: true) == .certificateUntrusted)
        #expect(try cause("client_id=pinned", ["self-signed"], withoutAuthorities: true) == nil)
    }

    @Test("A client with a certificate has no other credential, and a certificate is none beside another")
    func otherCredentials() throws {
        #expect(try cause("client_id=payments&client_secret=right", ["payments"]) == .wrongMethod)
        #expect(try cause("client_id=plain&client_secret=wrong", ["payments"]) == .wrongSecret)
        #expect(try cause("client_id=plain&client_secret=right", ["payments"]) == nil)
    }

    @Test("Every refusal of a certificate costs the same work, whether the client exists or not")
    func everyRefusalCostsTheSame() throws {
        func work(_ id: String, _ name: String) throws -> AuthenticationCost {
            var cost = AuthenticationCost()
            let request = try request("client_id=\(id)", [name])
            #expect(throws: TokenRefusal.self) { try authenticate(request, cost: &cost) }
            return cost
        }
        let expected = try work("nobody", "payments")
        #expect(expected.certificates == 1 && expected.lookups == 1)
        for (id, name) in [
            ("payments", "svid"), ("payments", "impostor"), ("pinned", "payments"), ("plain", "payments"),
        ] {
            #expect(try work(id, name) == expected)
        }
    }

    @Test("A certificate that does not decode is refused")
    func malformed() throws {
        var request = try request("client_id=payments", [])
        request.certificate = PresentedCertificate(der: [0x30, 0])
        var cost = AuthenticationCost()
        let refused = #expect(throws: TokenRefusal.self) { try authenticate(request, cost: &cost) }
        #expect(refused?.cause == .certificateMalformed)
    }

    private func confirmation(
        _ body: String, _ names: [String], always: Bool = false
    ) throws -> Result<OAuth.Confirmation?, TokenRefusal> {
        let request = try request(body, names)
        let policy = IssuancePolicy(issuer: policy.issuer, bindsTokensToCertificates: always)
        var cost = AuthenticationCost()
        do throws(TokenRefusal) {
            let grant = try authenticate(request, cost: &cost).authorize(
                TokenRequest(parsing: request), policy: policy,
                sealer: RefreshTokenSealer(issuer: policy.issuer, turns: []), now: Fixture.now)
            return .success(grant.terms.confirmation)
        } catch {
            return .failure(error)
        }
    }

    @Test(
        "RFC 8705 section 3: a token is bound to the certificate of its request if the client or the service asks for it"
    )
    func binding() throws {
        let digest = try HashFunction.sha256.digest(of: Self.certificate("payments").der.span)
        let bound = Result<OAuth.Confirmation?, TokenRefusal>.success(.certificate(sha256: digest))
        #expect(try confirmation("client_id=bound", ["payments"]) == bound)
        #expect(try confirmation("client_id=payments", ["payments"]) == .success(nil))
        #expect(try confirmation("client_id=payments", ["payments"], always: true) == bound)
        // However the client authenticates. What signs the certificate does not matter: it is a key that the client holds.
        #expect(try confirmation("client_id=secret&client_secret=right", ["payments"]) == bound)
        let own = try HashFunction.sha256.digest(of: Self.certificate("self-signed").der.span)
        #expect(
            try confirmation("client_id=secret&client_secret=right", ["self-signed"])
                == .success(.certificate(sha256: own)))
        #expect(try confirmation("client_id=plain&client_secret=right", ["payments"]) == .success(nil))
    }

    @Test("A client that authenticates otherwise gets no token that is bound to a certificate whose time is not now")
    func boundToAnotherTime() throws {
        for (name, cause) in [("expired", RefusalCause.certificateExpired), ("future", .certificateNotYetValid)] {
            let refused = #expect(throws: TokenRefusal.self) {
                try confirmation("client_id=secret&client_secret=right", [name]).get()
            }
            #expect(refused?.cause == cause)
        }
    }

    @Test("A client whose tokens are bound gets none without a certificate")
    func boundWithoutCertificate() throws {
        for (body, always) in [("secret", false), ("plain", true)] {
            let result = try confirmation("client_id=\(body)&client_secret=right", [], always: always)
            #expect(throws: TokenRefusal(.missingCertificate)) { try result.get() }
        }
    }

    @Test(
        "A refreshed token is bound to the certificate of the refresh request, and there is none without a certificate")
    func refresh() throws {
        let key = [UInt8](repeating: 7, count: SealingKey.size)
        let sealer = RefreshTokenSealer(
            issuer: policy.issuer, turns: [.init(try SealingKey(SecretBytes(copying: key.span)), start: nil)])
        func grant(_ body: String, _ names: [String]) throws -> AuthorizedGrant {
            var request = Fixture.post("client_id=secret&client_secret=right&\(body)")
            request.certificate = try names.first.map { PresentedCertificate(der: try Self.certificate($0).der) }
            var cost = AuthenticationCost()
            return try authenticate(request, cost: &cost).authorize(
                TokenRequest(parsing: request), policy: policy, sealer: sealer, now: Fixture.now)
        }
        let first = try grant("grant_type=client_credentials", ["payments"])
        let token = try sealer.seal(#require(first.refreshToken), now: Fixture.now)
        let body = "grant_type=refresh_token&refresh_token=\(token)"
        let digest = try HashFunction.sha256.digest(of: Self.certificate("svid").der.span)
        #expect(try grant(body, ["svid"]).terms.confirmation == .certificate(sha256: digest))
        #expect(throws: TokenRefusal(.missingCertificate)) { try grant(body, []) }
    }
}
