import AccessToken
import JOSE
import OAuth
import Testing

@Suite struct ServerMetadataTests {
    private func metadata(_ issuer: String, tokenPath: String? = nil) throws -> (JSONObject, [String]) {
        let issuer = try Issuer(issuer)
        let metadata = ServerMetadata(
            issuer: issuer, endpoints: EndpointPaths(issuer: issuer, token: tokenPath), algorithm: .ps256)
        return (try #require(try JSONReader.read(metadata.json).object), metadata.paths)
    }

    @Test("RFC 8414 section 2: the document has the required members")
    func saysWhatRFC8414Requires() throws {
        let (document, paths) = try metadata("https://tokens.example.com")
        #expect(document["issuer"] == .string("https://tokens.example.com"))
        #expect(document["token_endpoint"] == .string("https://tokens.example.com/oauth2/token"))
        #expect(document["jwks_uri"] == .string("https://tokens.example.com/.well-known/jwks.json"))
        #expect(document["response_types_supported"] == .array([.string("none")]))
        #expect(document["grant_types_supported"] == .array([.string("client_credentials"), .string("refresh_token")]))
        #expect(paths == ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"])
    }

    @Test("RFC 8414 section 2: each algorithm of the table that clients may use is listed")
    func listsAlgorithms() throws {
        let (document, _) = try metadata("https://tokens.example.com")
        for name in ["token_endpoint", "introspection_endpoint"] {
            let names = document["\(name)_auth_signing_alg_values_supported"]?.array?.compactMap(\.string)
            #expect(names == SignatureAlgorithm.all.filter(\.isOffered).map(\.name))
            #expect(names?.isEmpty == false)
        }
    }

    @Test("RFC 8414 section 3.1: the document of an issuer with a path has every path that clients request")
    func standsWhereClientsOfAnIssuerWithAPathLook() throws {
        let (document, paths) = try metadata("https://example.com/tenant/")
        #expect(document["issuer"] == .string("https://example.com/tenant/"))
        #expect(document["token_endpoint"] == .string("https://example.com/tenant/oauth2/token"))
        #expect(paths.contains("/.well-known/oauth-authorization-server/tenant"))
        #expect(paths.contains("/tenant/.well-known/openid-configuration"))
    }

    @Test("The document contains the configured token path")
    func namesTheConfiguredTokenPath() throws {
        let (document, _) = try metadata("https://tokens.example.com", tokenPath: "/index.php")
        #expect(document["token_endpoint"] == .string("https://tokens.example.com/index.php"))
    }
}
