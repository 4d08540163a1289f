import AccessToken
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import TokenVerifier
import TokenVerifierHummingbird
import TokenVerifierTesting

@Suite struct BearerTokenMiddlewareTests {
    private static let now = NumericDate(1_795_000_000)
    private let issuer: TestIssuer

    init() throws { issuer = try TestIssuer() }

    private func application(in space: ProtectionSpace? = nil) throws -> some ApplicationProtocol {
        let router = Router(context: BasicAccessTokenRequestContext.self)
        let metadata = try ProtectedResourceMetadata(
            resource: TestIssuer.audience, authorizationServers: [issuer.issuer])
        router.get(metadata)
        router.group()
            .add(
                middleware: BearerTokenMiddleware(
                    try issuer.verifier(), requiring: try Scope("site.read"), in: space ?? ProtectionSpace(metadata))
            )
            .group(context: AuthorizedRequestContext.self)
            .get("/") { _, context in context.accessToken.claims.subject ?? "client" }
            .post("/") { _, context in
                try context.accessToken.require(scope: "site.write")
                return "written"
            }
            .get("/fault") { _, _ -> String in throw HTTPError(.conflict) }
        router.group("/open").group(context: AuthorizedRequestContext.self).get("/") { _, _ in "reached" }
        router.get("/own") { _, _ -> String in throw InsufficientScope(required: try Scope("a b")) }
        return Application(router: router)
    }

    private static let end = #"resource_metadata="https://api.example.com/.well-known/oauth-protected-resource""#
    private static let realm = #"Bearer realm="https://api.example.com""#

    @Test("A valid token reaches the route, whose context has it")
    func letsAGoodTokenPass() async throws {
        let token = try issuer.token(scope: "site.read site.write")
        try await application().test(.router) { client in
            for (method, body) in [(HTTPRequest.Method.get, "test-client"), (.post, "written")] {
                let headers: HTTPFields = [.authorization: "Bearer \(token)"]
                try await client.execute(uri: "/", method: method, headers: headers) { response in
                    #expect(response.status == .ok && String(buffer: response.body) == body)
                }
            }
        }
    }

    @Test("RFC 6750 section 3: every other request gets its challenge, with the URL of the metadata")
    func challenges() async throws {
        let narrow = try issuer.token(scope: "other")
        let twice = HTTPFields([
            .init(name: .authorization, value: "Bearer a"), .init(name: .authorization, value: "Bearer b"),
        ])
        let rows: [(HTTPFields, HTTPResponse.Status, String)] = [
            ([:], .unauthorized, #"\#(Self.realm), scope="site.read", \#(Self.end)"#),
            (twice, .badRequest, #"\#(Self.realm), error="invalid_request""#),
            ([.authorization: "Bearer x"], .unauthorized, #"\#(Self.realm), error="invalid_token""#),
            ([.authorization: "Bearer \(narrow)"], .forbidden, #"\#(Self.realm), error="insufficient_scope""#),
        ]
        try await application().test(.router) { client in
            for (headers, status, start) in rows {
                try await client.execute(uri: "/", method: .get, headers: headers) { response in
                    #expect(response.status == status && response.body.readableBytes == 0)
                    let value = response.headers[.wwwAuthenticate] ?? ""
                    #expect(value.hasPrefix(start) && value.hasSuffix(Self.end), "\(value)")
                }
            }
        }
    }

    @Test("A revoked token gets invalid_token, and one whose status list cannot be fetched 503")
    func revokedToken() async throws {
        let list = TestStatusList(of: issuer)
        let token = try issuer.token(claims: ["status": list.claim(7)])
        let verifier = try issuer.verifier(rules: VerificationRules(statusLists: list.rules()))
        let router = Router(context: BasicAccessTokenRequestContext.self)
        router.group()
            .add(middleware: BearerTokenMiddleware(verifier))
            .get("/") { _, _ in "reached" }
        try await Application(router: router).test(.router) { client in
            func answer() async throws -> (status: HTTPResponse.Status, challenge: String?) {
                try await client.execute(uri: "/", method: .get, headers: [.authorization: "Bearer \(token)"]) {
                    ($0.status, $0.headers[.wwwAuthenticate])
                }
            }
            #expect(try await answer().status == .ok)
            list.isDown = true
            #expect(try await answer() == (.serviceUnavailable, nil))
            list.isDown = false
            list.revoke(7)
            let refusal = try await answer()
            #expect(refusal.status == .unauthorized)
            #expect(
                refusal.challenge == Self.realm
                    + #", error="invalid_token", error_description="the token is refused: it was revoked""#)
        }
    }

    @Test("RFC 6750 section 3.1: a route that requires more scope answers 403 with its challenge")
    func scopeInARoute() async throws {
        let headers: HTTPFields = [.authorization: "Bearer \(try issuer.token(scope: "site.read"))"]
        try await application().test(.router) { client in
            try await client.execute(uri: "/", method: .post, headers: headers) { response in
                #expect(response.status == .forbidden)
                #expect(
                    response.headers[.wwwAuthenticate]
                        == #"\#(Self.realm), error="insufficient_scope", "#
                        + #"error_description="the token's scope is not sufficient", scope="site.write", \#(Self.end)"#)
            }
            // Without the middleware the error answers by itself.
            try await client.execute(uri: "/own", method: .get) { response in
                #expect(response.status == .forbidden)
                #expect(
                    response.headers[.wwwAuthenticate]
                        == #"Bearer error="insufficient_scope", "#
                        + #"error_description="the token's scope is not sufficient", scope="a b""#)
            }
            try await client.execute(uri: "/fault", method: .get, headers: headers) { response in
                #expect(response.status == .conflict)
            }
        }
    }

    @Test("A route that asks the verifier itself answers a challenge, whether it returns the challenge or throws it")
    func challengeOfARoute() async throws {
        let verifier = try issuer.verifier()
        let router = Router(context: BasicRequestContext.self)
        router.get("/returned") { request, context -> Response in
            switch await verifier.authorize(authorization: request.headers[values: .authorization]) {
            case .success: return Response(status: .ok)
            case .failure(let challenge):
                #expect(challenge.status == 401 && (challenge as any HTTPResponseError).status == .unauthorized)
                return try challenge.response(from: request, context: context)
            }
        }
        router.get("/thrown") { request, _ in
            _ = try await verifier.authorize(authorization: request.headers[values: .authorization]).get()
            return Response(status: .ok)
        }
        try await Application(router: router).test(.router) { client in
            for uri in ["/returned", "/thrown"] {
                try await client.execute(uri: uri, method: .get) { response in
                    #expect(response.status == .unauthorized && response.body.readableBytes == 0, "\(uri)")
                    #expect(response.headers[.wwwAuthenticate] == Self.realm, "\(uri)")
                }
            }
        }
    }

    @Test("A route whose context has a token cannot be reached without the middleware")
    func contextNeedsTheMiddleware() async throws {
        let headers: HTTPFields = [.authorization: "Bearer \(try issuer.token(scope: "site.read"))"]
        try await application().test(.router) { client in
            try await client.execute(uri: "/open/", method: .get, headers: headers) { response in
                #expect(response.status == .internalServerError && !String(buffer: response.body).contains("reached"))
            }
        }
    }

    @Test("By default the realm is the verifier's audience")
    func defaultRealm() async throws {
        let router = Router(context: BasicAccessTokenRequestContext.self)
        router.add(middleware: BearerTokenMiddleware(try issuer.verifier()))
        router.get("/") { _, _ in "reached" }
        try await Application(router: router).test(.router) { client in
            try await client.execute(uri: "/", method: .get) { response in
                #expect(response.headers[.wwwAuthenticate] == Self.realm)
            }
        }
    }

    @Test("RFC 9728 section 3: the metadata is served without a token")
    func metadata() async throws {
        try await application().test(.router) { client in
            try await client.execute(uri: "/.well-known/oauth-protected-resource", method: .get) { response in
                #expect(response.status == .ok && response.headers[.contentType] == "application/json")
                #expect(response.headers[.accessControlAllowOrigin] == "*")
                #expect(String(buffer: response.body).contains(#""resource":"https://api.example.com""#))
            }
        }
    }

    private func boundApplication(_ rules: ConfirmationRules = ConfirmationRules()) throws -> some ApplicationProtocol {
        let router = Router(context: BasicAccessTokenRequestContext.self)
        // Proofs are good for a minute, which a test may have to wait for its turn.
        let verifier = try issuer.verifier(rules: VerificationRules(confirmation: rules), now: { Self.now })
        let space = ProtectionSpace(of: verifier, publicURL: try PublicURL("https://api.example.com"))
        let middleware = BearerTokenMiddleware<BasicAccessTokenRequestContext>(verifier, in: space) { request, _ in
            ClientCertificate(clientCert: request.headers[values: .clientCert])
        }
        router.group().add(middleware: middleware)
            .group(context: AuthorizedRequestContext.self)
            .get("/a/b") { _, context in context.accessToken.claims.subject ?? "client" }
            .post("/a/b") { _, context in
                try context.accessToken.require(scope: "site.write")
                return "written"
            }
        return Application(router: router)
    }

    @Test("RFC 9449 section 7.1: a bound token reaches the route with a proof for the public URL, whatever Host says")
    func boundToken() async throws {
        let key = try TestDPoPKey()
        let token = try issuer.token(now: Self.now, claims: ["cnf": ["jkt": .string(key.thumbprint)]])
        @Sendable func fields(_ url: String, method: String = "GET", scheme: String = "DPoP") throws -> HTTPFields {
            [
                .authorization: "\(scheme) \(token)",
                .proof: try key.proof(method: method, url: url, token: token, now: Self.now),
                .init("Host")!: "other.example.com",
            ]
        }
        let url = "https://api.example.com/a/b"
        try await boundApplication().test(.router) { client in
            try await client.execute(uri: "/a/b?c=d", method: .get, headers: fields(url)) { response in
                #expect(response.status == .ok && String(buffer: response.body) == "test-client")
            }
            let rows: [(HTTPFields, HTTPRequest.Method, HTTPResponse.Status, String)] = [
                (try fields("https://other.example.com/a/b"), .get, .unauthorized, "DPoP"),
                (try fields("https://api.example.com/a"), .get, .unauthorized, "DPoP"),
                (try fields(url, method: "POST"), .get, .unauthorized, "DPoP"),
                (try fields(url, scheme: "Bearer"), .get, .unauthorized, "Bearer"),
                (try fields(url, method: "POST"), .post, .forbidden, "DPoP"),
            ]
            for (headers, method, status, scheme) in rows {
                try await client.execute(uri: "/a/b", method: method, headers: headers) { response in
                    #expect(response.status == status)
                    #expect(response.headers[.wwwAuthenticate]?.hasPrefix("\(scheme) realm=") == true)
                }
            }
        }
    }

    @Test("RFC 9449 section 9: with nonces the first answer has one, and the second request is accepted with it")
    func nonce() async throws {
        let key = try TestDPoPKey()
        let token = try issuer.token(now: Self.now, claims: ["cnf": ["jkt": .string(key.thumbprint)]])
        @Sendable func fields(nonce: String?) throws -> HTTPFields {
            let proof = try key.proof(
                method: "GET", url: "https://api.example.com/a/b", token: token, nonce: nonce, now: Self.now)
            return [.authorization: "DPoP \(token)", .proof: proof]
        }
        try await boundApplication(ConfirmationRules(nonces: try DPoPNonces())).test(.router) { client in
            let first = try await client.execute(uri: "/a/b", method: .get, headers: fields(nonce: nil)) { $0 }
            #expect(first.status == .unauthorized)
            let nonce = try #require(first.headers[.init("DPoP-Nonce")!])
            try await client.execute(uri: "/a/b", method: .get, headers: fields(nonce: nonce)) { response in
                #expect(response.status == .ok)
            }
        }
    }

    @Test(
        "RFC 8705 section 3: a token that is bound to a certificate is accepted with that which the middleware gets")
    func boundToCertificate() async throws {
        let digest = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"  // SHA-256 of "abc"
        let token = try issuer.token(now: Self.now, claims: ["cnf": ["x5t#S256": .string(digest)]])
        try await boundApplication().test(.router) { client in
            for (field, status) in [(":YWJj:", 200), (":YWJk:", 401), (nil, 401)] {
                var headers: HTTPFields = [.authorization: "Bearer \(token)"]
                headers[.clientCert] = field
                try await client.execute(uri: "/a/b", method: .get, headers: headers) { response in
                    #expect(response.status.code == status)
                }
            }
        }
    }

    @Test("Without a public URL a token that is bound to a DPoP key is refused")
    func needsAPublicURL() async throws {
        let key = try TestDPoPKey()
        let token = try issuer.token(scope: "site.read", claims: ["cnf": ["jkt": .string(key.thumbprint)]])
        let proof = try key.proof(method: "GET", url: "https://api.example.com/", token: token)
        let headers: HTTPFields = [.authorization: "DPoP \(token)", .proof: proof, .init("Host")!: "api.example.com"]
        try await application().test(.router) { client in
            try await client.execute(uri: "/", method: .get, headers: headers) { response in
                #expect(response.status == .unauthorized)
                #expect(
                    response.headers[.wwwAuthenticate]?.hasPrefix(#"\#(Self.realm), error="invalid_token""#) == true)
                #expect(response.headers[.wwwAuthenticate]?.contains("DPoP realm") == false)
            }
        }
    }
}

extension HTTPField.Name {
    fileprivate static var proof: HTTPField.Name { HTTPField.Name("DPoP") ?? .accept }
    fileprivate static var clientCert: HTTPField.Name { HTTPField.Name("Client-Cert") ?? .accept }
}
