import AccessToken
import JOSE
import Libcrypto
import RemoteKeys
import TestSupport
import Testing
import WireText

@testable import TokenSource

@Suite(.timeLimit(.minutes(1))) struct ClientCredentialTests {
    private let stub = EndpointStub()
    private let client: ClientID
    private let folder: TemporaryFolder

    init() throws {
        client = try ClientID("a:b c")
        folder = try TemporaryFolder()
    }

    private func pem(_ algorithm: SignatureAlgorithm) throws -> String {
        try algorithm.makeKey().pem().withBytes { octets in
            String(decoding: octets.indices.map { octets[$0] }, as: UTF8.self)
        }
    }

    private func request(_ credential: ClientCredential) async throws -> EndpointStub.Received {
        try await stub.serve(credential) { source in _ = try await source.token() }
        return try #require(stub.received.last)
    }

    @Test("RFC 6749 section 2.3.1: client_secret_basic form-encodes identifier and secret, and base64 encodes both")
    func basic() async throws {
        let received = try await request(try .secret("s+/é:%", of: client))
        // a%3Ab%20c:s%2B%2F%C3%A9%3A%25
        #expect(received.authorization == "Basic YSUzQWIlMjBjOnMlMkIlMkYlQzMlQTklM0ElMjU=")
        #expect(received.form == ["grant_type": "client_credentials"])
    }

    @Test("RFC 4648 section 4: base64 with its own alphabet and padding")
    func base64() {
        #expect(BasicAuthorization.base64([]).isEmpty)
        #expect(BasicAuthorization.base64([0xFB, 0xEF, 0xFF]) == "++//")
        #expect(BasicAuthorization.base64([0xFF]) == "/w==")
        #expect(BasicAuthorization.base64([0xFF, 0xFE]) == "//4=")
    }

    @Test("RFC 6749 section 2.3.1: client_secret_post sends both in the form")
    func post() async throws {
        let received = try await request(try .secret("s+/é:%", of: client, method: .clientSecretPost))
        #expect(received.authorization == nil)
        #expect(received.form["client_id"] == "a:b c" && received.form["client_secret"] == "s+/é:%")
    }

    @Test("A secret in a file is read for each request, without line ends and byte order mark")
    func secretFile() async throws {
        try folder.write("\u{FEFF}first\r\n", to: "secret")
        let credential = ClientCredential.secretFile(folder.path("secret"), of: client, method: .clientSecretPost)
        try await stub.serve(credential) { [stub, folder] source in
            _ = try await source.token()
            try folder.write("second\n", to: "secret")
            _ = try await source.token(for: RequestedAccess(scope: try Scope("x")))
            #expect(stub.received.map { $0.form["client_secret"] } == ["first", "second"])
        }
    }

    @Test(
        "A file that holds no single line of text is no credential, and the error names the file alone",
        arguments: ["", "\n", "\u{FEFF}\n", "one\ntwo-secret\n", String(repeating: "x", count: 70_000)])
    func unusableFiles(contents: String) async throws {
        try folder.write(contents, to: "secret")
        let credential = ClientCredential.secretFile(folder.path("secret"), of: client)
        try await stub.serve(credential) { [stub, folder] source in
            let error = await #expect(throws: TokenSourceError(.unusableCredential)) { try await source.token() }
            #expect(error?.description.contains(folder.path("secret")) == true)
            #expect(error?.description.contains("two-secret") == false)
            #expect(stub.received.isEmpty)
        }
    }

    @Test("A file that is missing, or a folder, is no credential", arguments: ["missing", "."])
    func missingFiles(name: String) async throws {
        try await stub.serve(.secretFile(folder.path(name), of: client)) { source in
            await #expect(throws: TokenSourceError(.unusableCredential)) { try await source.token() }
        }
    }

    @Test("A file that was missing is read again after a second: it may be mounted later")
    func fileThatComesLater() async throws {
        let clock = ManualClock()
        try await stub.serve(.secretFile(folder.path("secret"), of: client), clock: clock) { [folder] source in
            await #expect(throws: TokenSourceError(.unusableCredential)) { try await source.token() }
            try folder.write("s", to: "secret")
            clock.advance(by: .seconds(1))
            #expect(try await source.token().value == "token-1")
        }
    }

    @Test(
        "RFC 7523 section 2.2: private_key_jwt sends an assertion for the issuer, new for each request",
        arguments: ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"])
    func privateKey(algorithm name: String) async throws {
        let algorithm = try #require(SignatureAlgorithm(name: name))
        try folder.write(try pem(algorithm), to: "key.pem")
        let credentials = [
            try ClientCredential.privateKey(pem: try pem(algorithm), of: client, keyID: "k1", algorithm: name),
            try .privateKeyFile(folder.path("key.pem"), of: client, keyID: "k1", algorithm: name),
        ]
        for credential in credentials {
            try await stub.serve { [stub] origin in
                let issuer = try Issuer(origin)
                let source = AccessTokenSource(
                    issuer: issuer, credential, through: .tokenSource(), .standard, clock: ManualClock().clock, nil)
                _ = try await source.token()
                _ = try await source.token(for: RequestedAccess(scope: try Scope("x")))
                let forms = stub.received.suffix(2).map(\.form)
                #expect(
                    forms.allSatisfy {
                        $0["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
                            && $0["client_id"] == "a:b c"
                    })
                var identifiers: [String?] = []
                for form in forms {
                    let (header, claims) = try Self.parts(of: form["client_assertion"])
                    #expect(header["alg"]?.string == name && header["kid"]?.string == "k1")
                    #expect(claims["iss"]?.string == "a:b c" && claims["sub"]?.string == "a:b c")
                    #expect(claims["aud"] == .string(issuer.description))
                    #expect(claims["iat"]?.integer == ManualClock.date.seconds)
                    #expect(claims["exp"]?.integer == ManualClock.date.seconds + 60)
                    identifiers.append(claims["jti"]?.string)
                }
                #expect(identifiers[0] != nil && identifiers[0] != identifiers[1])
            }
        }
    }

    private static func parts(of assertion: String?) throws -> (header: JSONObject, claims: JSONObject) {
        let parts = Octets(try #require(assertion)).parts(between: ".")
        try #require(parts.count == 3)
        let objects = try parts.prefix(2).map { part in
            let octets = try #require(Base64URL.decode(part.text))
            return try #require(try JSONReader.read(octets).object)
        }
        return (objects[0], objects[1])
    }

    @Test("RFC 7523 section 3: without an issuer the audience of an assertion is the token endpoint")
    func audienceWithoutIssuer() async throws {
        let credential = try ClientCredential.privateKey(pem: try pem(.es256), of: client)
        try await stub.serve { [stub] origin in
            let endpoint = try RemoteURL(origin + "/token")
            _ = try await AccessTokenSource(tokenEndpoint: endpoint, credential: credential).token()
            let (_, claims) = try Self.parts(of: stub.received.last?.form["client_assertion"])
            #expect(claims["aud"] == .string(endpoint.description))
        }
    }

    @Test("A key that is none, or that does not fit the algorithm, is refused and not shown")
    func unusableKeys() throws {
        let key = try pem(.es256)
        let cases: [(pem: String, algorithm: String?)] = [
            ("not-a-key", nil), (key, "RS256"), (key, "none"), (key, "RS384"), ("", nil),
        ]
        for (pem, algorithm) in cases {
            let error = #expect(throws: TokenSourceError(.unusableCredential)) {
                try ClientCredential.privateKey(pem: pem, of: client, algorithm: algorithm)
            }
            #expect(error?.description.contains("not-a-key") == false)
            #expect(error?.description.contains("BEGIN") == false)
        }
    }

    @Test("RFC 7521 section 4.2: a platform's token is read for each request, with the client's identifier or without")
    func assertionFile() async throws {
        try folder.write("aaa.bbb.ccc\n", to: "token")
        for id in [client, nil] {
            let received = try await request(.assertionFile(folder.path("token"), of: id))
            #expect(received.form["client_assertion"] == "aaa.bbb.ccc")
            #expect(
                received.form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            #expect(received.form["client_id"] == id?.description)
        }
        try await stub.serve(.assertionFile(folder.path("token"))) { [stub, folder] source in
            _ = try await source.token()
            try folder.write("ddd.eee.fff", to: "token")
            _ = try await source.token(for: RequestedAccess(scope: try Scope("x")))
            #expect(stub.received.last?.form["client_assertion"] == "ddd.eee.fff")
        }
    }

    @Test("A credential does not show its secret")
    func description() throws {
        let credentials = [
            try ClientCredential.secret("the-secret", of: client), .secretFile("/s", of: client),
            try .privateKey(pem: try pem(.es256), of: client), .assertionFile("/t"),
        ]
        for credential in credentials {
            var text = "\(credential) \(String(reflecting: credential)) "
            dump(credential, to: &text)
            #expect(!text.contains("the-secret") && !text.contains("SecretBytes") && !text.contains("PrivateKey"))
        }
        #expect(credentials[0].description == "client_secret_basic of the client a:b c")
        #expect(throws: TokenSourceError(.unusableCredential)) { try ClientCredential.secret("", of: client) }
    }
}
