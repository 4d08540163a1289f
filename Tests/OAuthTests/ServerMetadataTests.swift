import AccessToken
import JOSE
import OAuth
import Testing

@Suite struct ServerMetadataTests {
    private func metadata(
        _ issuer: String = "https://tokens.example.com", tokenPath: String? = nil, refuses: Bool = false,
        algorithm: SignatureAlgorithm = .ps256
    ) throws -> ServerMetadata {
        let issuer = try Issuer(issuer)
        return ServerMetadata(
            issuer: issuer, endpoints: EndpointPaths(issuer: issuer, token: tokenPath, refusesAuthorization: refuses),
            algorithm: algorithm)
    }

    private func object(_ document: ServerMetadata.Document) throws -> JSONObject {
        try #require(try JSONReader.read(document.json).object)
    }

    @Test("RFC 8414 section 2: the document has the required members")
    func saysWhatRFC8414Requires() throws {
        let metadata = try metadata()
        let document = try object(metadata.authorizationServer)
        #expect(document["issuer"] == .string("https://tokens.example.com"))
        #expect(document["token_endpoint"] == .string("https://tokens.example.com/oauth2/token"))
        #expect(document["jwks_uri"] == .string("https://tokens.example.com/.well-known/jwks.json"))
        #expect(document["response_types_supported"] == .array([.string("none")]))
        #expect(document["grant_types_supported"] == .array([.string("client_credentials"), .string("refresh_token")]))
        #expect(document["authorization_endpoint"] == nil)
        #expect(metadata.authorizationServer.paths == ["/.well-known/oauth-authorization-server"])
        #expect(metadata.openIDProvider.paths == ["/.well-known/openid-configuration"])
    }

    @Test(
        "OpenID Connect Discovery 1.0 section 3: the other document adds subject types and algorithms, RS256 among them",
        arguments: SignatureAlgorithm.offered)
    func saysWhatOpenIDRequires(algorithm: SignatureAlgorithm) throws {
        let metadata = try metadata(algorithm: algorithm)
        let (plain, openID) = (try object(metadata.authorizationServer), try object(metadata.openIDProvider))
        #expect(openID["subject_types_supported"] == .array([.string("public")]))
        let names = openID["id_token_signing_alg_values_supported"]?.array?.compactMap(\.string)
        #expect(names == (algorithm == .rs256 ? ["RS256"] : [algorithm.name, "RS256"]))
        let added = ["subject_types_supported", "id_token_signing_alg_values_supported"]
        #expect(openID.members.filter { !added.contains($0.name) } == plain.members)
        #expect(openID.members.count == plain.members.count + 2)
    }

    @Test("RFC 8414 section 2: each algorithm of the table that clients may use is listed")
    func listsAlgorithms() throws {
        let document = try object(metadata().authorizationServer)
        for name in ["token_endpoint", "introspection_endpoint"] {
            let names = document["\(name)_auth_signing_alg_values_supported"]?.array?.compactMap(\.string)
            #expect(names == SignatureAlgorithm.all.filter(\.isOffered).map(\.name))
            #expect(names?.isEmpty == false)
        }
    }

    @Test("FAPI 2.0 sections 5.3.2.1 and 5.4.1: what the profile forbids is not listed")
    func listsNothingThatTheProfileForbids() throws {
        let issuer = try Issuer("https://tokens.example.com")
        let metadata = ServerMetadata(
            issuer: issuer, endpoints: EndpointPaths(issuer: issuer), algorithm: .es256, profile: .fapi2)
        var use = ServerMetadata.Use.none
        use.certificateMethods = [.tlsClientAuth]
        use.offersAssertionGrant = true
        for document in try metadata.documents(use).map(object) {
            func names(_ member: String) -> [String]? { document[member]?.array?.compactMap(\.string) }
            for name in ["token_endpoint", "introspection_endpoint"] {
                #expect(names("\(name)_auth_methods_supported") == ["private_key_jwt", "tls_client_auth"])
                #expect(
                    names("\(name)_auth_signing_alg_values_supported") == ["PS256", "ES256", "EdDSA", "Ed25519"])
            }
            #expect(names("dpop_signing_alg_values_supported") == ["PS256", "ES256", "EdDSA", "Ed25519"])
            #expect(names("grant_types_supported") == ["client_credentials", "refresh_token"])
            #expect(names("introspection_signing_alg_values_supported") == ["ES256"])
        }
        let openID = try object(metadata.openIDProvider)
        #expect(openID["id_token_signing_alg_values_supported"] == .array([.string("ES256")]))
    }

    @Test("RFC 8414 section 3.1: the document of an issuer with a path has every path that clients request")
    func standsWhereClientsOfAnIssuerWithAPathLook() throws {
        let metadata = try metadata("https://example.com/tenant/")
        let document = try object(metadata.authorizationServer)
        #expect(document["issuer"] == .string("https://example.com/tenant/"))
        #expect(document["token_endpoint"] == .string("https://example.com/tenant/oauth2/token"))
        let paths = metadata.authorizationServer.paths + metadata.openIDProvider.paths
        #expect(paths.contains("/.well-known/oauth-authorization-server/tenant"))
        #expect(paths.contains("/tenant/.well-known/openid-configuration"))
        #expect(Set(paths).count == 6)
    }

    @Test("The document contains the configured token path")
    func namesTheConfiguredTokenPath() throws {
        let document = try object(metadata(tokenPath: "/index.php").authorizationServer)
        #expect(document["token_endpoint"] == .string("https://tokens.example.com/index.php"))
    }

    @Test(
        "An authorization endpoint that refuses has a fixed path below the issuer",
        arguments: [
            ("https://tokens.example.com", "https://tokens.example.com/oauth2/authorize"),
            ("https://example.com/tenant/", "https://example.com/tenant/oauth2/authorize"),
        ])
    func namesTheAuthorizationEndpoint(issuer: String, url: String) throws {
        let metadata = try metadata(issuer, refuses: true)
        for document in [metadata.authorizationServer, metadata.openIDProvider] {
            #expect(try object(document)["authorization_endpoint"] == .string(url))
        }
    }

    private func adding(_ text: String, refuses: Bool = false) throws -> ServerMetadata {
        try metadata(refuses: refuses).adding(try #require(try JSONReader.read(Array(text.utf8)).object))
    }

    @Test("Further members are in both documents, behind the service's own, as they were written")
    func addsMembers() throws {
        let text = #"""
            {"scopes_supported":["site.read","a"],"service_documentation":"https://e.example/\u00e9",
            "x":{"n":1,"b":true,"l":[1.5]},"authorization_endpoint":"https://e.example/login","gone":null,"op_policy_uri#fr":""}
            """#
        let metadata = try adding(text)
        for document in [metadata.authorizationServer, metadata.openIDProvider] {
            let members = try object(document).members
            #expect(
                members.suffix(5).map(\.name)
                    == ["scopes_supported", "service_documentation", "x", "authorization_endpoint", "op_policy_uri#fr"])
            #expect(members.contains(.init("scopes_supported", .array([.string("site.read"), .string("a")]))))
            #expect(Set(members.map(\.name)).count == members.count)
        }
    }

    @Test("RFC 8705 sections 3.3 and 5: what is for certificates is listed if clients are asked for them, and else not")
    func listsCertificates() throws {
        let issuer = try Issuer("https://tokens.example.com")
        func document(
            _ rules: ClientCertificateRules, origin: String? = nil, always: Bool = false
        ) throws -> JSONObject {
            let metadata = ServerMetadata(
                issuer: issuer, endpoints: EndpointPaths(issuer: issuer), algorithm: .rs256, certificateOrigin: origin)
            let method: TokenEndpointAuthenticationMethod? = rules.subject == nil ? nil : .tlsClientAuth
            let clients = try ClientRegistry([
                Client(id: ClientID("a"), identities: [], certificates: rules, authenticationMethod: method)
            ])
            let use = ServerMetadata.Use(clients: clients, issuers: [], bindsTokensToCertificates: always)
            return try object(metadata.documents(use)[0])
        }
        func methods(_ document: JSONObject) -> [String]? {
            document["token_endpoint_auth_methods_supported"]?.array?.compactMap(\.string)
        }
        let names = ["tls_client_certificate_bound_access_tokens", "mtls_endpoint_aliases"]
        let none = try document(.none)
        #expect(names.allSatisfy { none[$0] == nil })
        #expect(methods(none)?.contains("tls_client_auth") == false)
        for document in [try document(.init(bindsAccessTokens: true)), try document(.none, always: true)] {
            #expect(document[names[0]] == .bool(true))
            let aliases = document[names[1]]?.object
            #expect(aliases?["token_endpoint"] == document["token_endpoint"])
            #expect(aliases?["introspection_endpoint"] == document["introspection_endpoint"])
            #expect(methods(document)?.contains { $0.hasSuffix("tls_client_auth") } == false)
        }
        let other = try document(
            .init(subject: CertificateSubject(.dnsName, "a.example")), origin: "https://mtls.example.com")
        #expect(methods(other)?.last == "tls_client_auth")
        #expect(methods(other)?.contains("self_signed_tls_client_auth") == false)
        #expect(
            other[names[1]]?.object?["token_endpoint"] == .string("https://mtls.example.com/oauth2/token"))
        #expect(other["token_endpoint"] == .string("https://tokens.example.com/oauth2/token"))
        for name in names {
            #expect(throws: InvalidMetadata.self) { try adding("{\"\(name)\":true}") }
        }
    }

    @Test("No member takes the place of one of the service's own")
    func shadowsNothing() throws {
        let metadata = try metadata(refuses: true)
        for member in metadata.openIDProvider.members {
            let error = #expect(throws: InvalidMetadata.self) {
                try metadata.adding(JSONObject([.init("x", .string("y")), .init(member.name, .string("https://a"))]))
            }
            #expect(error?.name == member.name)
        }
        // RFC 8414 section 2.1: its claims take precedence.
        #expect(throws: InvalidMetadata.self) { try adding(#"{"signed_metadata":"eyJ"}"#) }
        #expect(throws: Never.self) { try adding(#"{"issuer":null,"Issuer":"a"}"#) }
    }

    @Test(
        "A member with a value that no client could use is refused by its name",
        arguments: [
            (#"{"a":[]}"#, "a"), (#"{"scopes_supported":"site.read"}"#, "scopes_supported"),
            (#"{"scopes_supported":["a b"]}"#, "scopes_supported"),
            (#"{"scopes_supported":["a",1]}"#, "scopes_supported"),
            (#"{"scopes_supported":[""]}"#, "scopes_supported"),
            (#"{"authorization_endpoint":"http://e.example/a"}"#, "authorization_endpoint"),
            (#"{"authorization_endpoint":"/a"}"#, "authorization_endpoint"),
            (#"{"registration_endpoint":true}"#, "registration_endpoint"),
        ])
    func refuses(text: String, name: String) {
        let error = #expect(throws: InvalidMetadata.self) { try adding(text) }
        #expect(error?.name == name)
    }
}
