import AccessToken
import JOSE
import RemoteKeys
import TestSupport
import Testing
import TokenVerifierTesting

@testable import Libcrypto
@testable import TokenVerifier

/// What a request gets by its `Authorization` fields, RFC 6750.
@Suite struct BearerTests {
    private static let now = NumericDate(1_795_000_000)
    private let issuer: TestIssuer
    private let verifier: AccessTokenVerifier

    init() throws {
        issuer = try TestIssuer()
        verifier = try issuer.verifier(now: { Self.now })
    }

    private func challenge(
        _ fields: [String], requiring scope: String = "", in space: ProtectionSpace? = nil
    ) async throws -> BearerChallenge? {
        switch await verifier.authorize(authorization: fields, requiring: try Scope(scope), in: space) {
        case .success: nil
        case .failure(let challenge): challenge
        }
    }

    private static let realm = #"Bearer realm="https://api.example.com""#

    @Test("RFC 6750 section 3: each request without a sufficient token gets its status and its challenge")
    func challenges() async throws {
        let good = try issuer.token(scope: "site.read", now: Self.now)
        func refused(_ reason: String) -> String {
            #"\#(Self.realm), error="invalid_token", error_description="the token is refused: \#(reason)""#
        }
        let rows: [([String], scope: String, status: Int, String)] = [
            ([], "", 401, Self.realm),
            ([], "site.read site.write", 401, #"\#(Self.realm), scope="site.read site.write""#),
            (["Basic YTpi"], "site.read", 401, #"\#(Self.realm), scope="site.read""#),
            (["DPoP \(good)"], "", 401, refused("it is not bound to a key as it must be")),
            (["Bearer"], "", 401, Self.realm),
            ([""], "", 401, Self.realm), (["Bearer:\(good)"], "", 401, Self.realm), ([good], "", 401, Self.realm),
            (
                ["Bearer \(good)", "Bearer \(good)"], "site.read", 400,
                #"\#(Self.realm), error="invalid_request", "#
                    + #"error_description="the request has more than one Authorization field""#
            ),
            (["Bearer a.b.c"], "site.read", 401, refused("it is not a JWT")),
            (["Bearer \(good), Bearer \(good)"], "", 401, refused("it is not a JWT")),
            (["Bearer \(good)x"], "", 401, refused("it is not a JWT")),
            (
                ["Bearer \(try issuer.token(lifetime: .seconds(-30), now: Self.now))"], "", 401,
                refused("it has expired")
            ),
            (
                ["Bearer \(try issuer.token(audience: "https://b.example", now: Self.now))"], "", 401,
                refused("it is meant for another audience")
            ),
            (
                ["Bearer \(good)"], "site.read site.write", 403,
                #"\#(Self.realm), error="insufficient_scope", "#
                    + #"error_description="the token's scope is not sufficient", scope="site.read site.write""#
            ),
        ]
        for (fields, scope, status, value) in rows {
            let challenge = try #require(try await challenge(fields, requiring: scope), "\(fields)")
            #expect(challenge.status == status && challenge.wwwAuthenticate == value, "\(fields)")
            #expect(challenge.retryAfter == nil)
            #expect(challenge.fields.map(\.name) == ["WWW-Authenticate"])
        }
    }

    @Test("RFC 9110 section 11.1: the scheme is case-insensitive, and blanks around the token do not count")
    func accepted() async throws {
        let good = try issuer.token(scope: "a b", now: Self.now)
        for field in ["Bearer \(good)", "bearer \(good)", "BEARER   \(good) ", "\tBearer \(good)\t"] {
            #expect(try await challenge([field], requiring: "b") == nil, "\(field)")
        }
    }

    @Test("The Authorization field is taken apart by octets", arguments: UnicodeMarks.all)
    func octets(mark: String) async throws {
        let good = try issuer.token(now: Self.now)
        var fields = ["\(mark)Bearer \(good)", "Be\(mark)rer \(good)", "Bearer \(good)\(mark)", "Bea\(mark)er \(good)"]
        for separator: Unicode.Scalar in [" ", "."] {
            fields += UnicodeMarks.variants(of: "Bearer \(good)", at: separator, with: mark)
        }
        for field in fields {
            let challenge = try #require(try await challenge([field]), "\(field)")
            #expect(challenge.status == 401)
            #expect(challenge.wwwAuthenticate?.utf8.allSatisfy { (0x20...0x7E).contains($0) } == true)
        }
    }

    @Test("A token that cannot be checked is answered 503 with Retry-After, and never with a challenge")
    func unavailable() async throws {
        let keys = KeySource.remote(
            .keySet { () throws(DocumentFetchError) in throw DocumentFetchError(.status(500)) })
        let verifier = AccessTokenVerifier(issuer: issuer.issuer, audience: try Audience("a"), keys: keys)
        let result = await verifier.authorize(authorization: ["Bearer \(try issuer.token())"])
        guard case .failure(let challenge) = result else { Issue.record("accepted"); return }
        #expect(challenge.status == 503 && challenge.wwwAuthenticate == nil && challenge.cause == .unavailable)
        #expect(challenge.fields.map(\.name) == ["Retry-After"] && challenge.fields.map(\.value) == ["5"])
    }

    /// A verifier whose libcrypto fails.
    private struct FailingVerifier: TokenVerifying {
        let defaultRealm = "a"

        func verify(_ token: String) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
            throw .cannotVerify(LibcryptoError(invalidLengthFor: "test"))
        }
    }

    @Test("A token that could not be checked gets 503, and no challenge: it may be valid")
    func cannotVerify() async throws {
        let result = await FailingVerifier().authorize(authorization: ["Bearer a"])
        guard case .failure(let challenge) = result else { Issue.record("accepted"); return }
        #expect(challenge.status == 503 && challenge.wwwAuthenticate == nil && challenge.cause == .unavailable)
        #expect(challenge.fields.map(\.name) == ["Retry-After"])
    }

    @Test("RFC 9728 section 5.1: with metadata each challenge names its URL")
    func metadataURL() async throws {
        let metadata = try ProtectedResourceMetadata(
            resource: "https://api.example.com/mcp", authorizationServers: [issuer.issuer])
        let url = #"resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp""#
        let named = try ProtectionSpace(realm: #"a "b" \ c"#, metadata: metadata)
        for (fields, space, start) in [
            ([], ProtectionSpace(metadata), #"Bearer realm="https://api.example.com/mcp", resource"#),
            (["Bearer a"], ProtectionSpace(metadata), #"Bearer realm="https://api.example.com/mcp", error="#),
            (["Bearer a", "Bearer a"], named, #"Bearer realm="a \"b\" \\ c", error="#),
        ] {
            let value = try #require(try await challenge(fields, in: space)?.wwwAuthenticate)
            #expect(value.hasPrefix(start) && value.hasSuffix(url), "\(value)")
        }
        for realm in ["", "a\r\nX: y", "\u{E9}", "a\u{0}"] {
            #expect(throws: InvalidValue.self) { try ProtectionSpace(realm: realm) }
        }
    }

    @Test("RFC 6750 section 3: a reason of the resource server's own cannot end the challenge or the field")
    func reasonsAreEscaped() async throws {
        for (reason, shown) in [
            (#"no", scope="all"#, "no', scope='all"), ("a\r\nSet-Cookie: b", "a??Set-Cookie: b"),
            ("\u{E9}\u{1F600}\u{2028}", "???"), ("\\", "/"), ("e\u{301}", "e?"),
            (String(repeating: "a", count: 600), String(repeating: "a", count: 490)),
        ] {
            let rules = VerificationRules(check: { _ in reason })
            let verifier = try issuer.verifier(rules: rules, now: { Self.now })
            let result = await verifier.authorize(authorization: ["Bearer \(try issuer.token(now: Self.now))"])
            guard case .failure(let challenge) = result else { Issue.record("accepted"); continue }
            let value = try #require(challenge.wwwAuthenticate)
            #expect(value.contains("refused: \(shown)"), "\(value)")
            #expect(value.utf8.allSatisfy { (0x20...0x7E).contains($0) } && value.utf8.count < 700)
        }
    }

    @Test("The scope and the URL of a challenge are whole, however long they are")
    func longParameters() async throws {
        let scope = try Scope(tokens: (0..<100).map { "scope-number-\($0)" })
        let verifier = try issuer.verifier(now: { Self.now })
        guard case .failure(let challenge) = await verifier.authorize(authorization: [], requiring: scope) else {
            Issue.record("accepted")
            return
        }
        #expect(challenge.wwwAuthenticate?.contains("scope=\"\(scope)\"") == true)
    }

    @Test("RFC 9728 sections 2 and 3.1: the metadata document and its place")
    func metadata() throws {
        var metadata = try ProtectedResourceMetadata(
            resource: "https://api.example.com", authorizationServers: [issuer.issuer])
        #expect(
            String(decoding: metadata.json, as: UTF8.self)
                == #"{"resource":"https://api.example.com","authorization_servers":["https://issuer.example.com"],"#
                + #""bearer_methods_supported":["header"]}"#)
        metadata.scopesSupported = ["b", "a"]
        metadata.resourceName = #"Orders "1""#
        metadata.resourceDocumentation = "https://wiki.example.com"
        metadata.resourcePolicyURI = "https://wiki.example.com/policy"
        metadata.resourceTermsOfServiceURI = "https://wiki.example.com/terms"
        let document = try #require(try JSONReader.read(metadata.json).object)
        #expect(document["scopes_supported"] == ["b", "a"])
        #expect(document["resource_name"] == #"Orders "1""#)
        #expect(document["resource_documentation"] == "https://wiki.example.com")
        #expect(document["resource_policy_uri"] == "https://wiki.example.com/policy")
        #expect(document["resource_tos_uri"] == "https://wiki.example.com/terms")
        let wellKnown = "/.well-known/oauth-protected-resource"
        for (resource, path, url) in [
            ("https://a.example/", wellKnown, "https://a.example\(wellKnown)"),
            ("https://a.example:8443", wellKnown, "https://a.example:8443\(wellKnown)"),
            ("https://a.example/b/c", "\(wellKnown)/b/c", "https://a.example\(wellKnown)/b/c"),
            ("http://127.0.0.1:8090/mcp", "\(wellKnown)/mcp", "http://127.0.0.1:8090\(wellKnown)/mcp"),
        ] {
            let metadata = try ProtectedResourceMetadata(resource: resource, authorizationServers: [])
            #expect(metadata.path == path && metadata.url == url)
            // RFC 9728 section 3.2: without issuers there is no list of them. Section 3.3: `resource` is the identifier.
            let document = #"{"resource":"\#(resource)","bearer_methods_supported":["header"]}"#
            #expect(String(decoding: metadata.json, as: UTF8.self) == document)
        }
        for resource in ["orders", "http://a.example", "https://a.example?b", "https://a.example#b", "urn:a:b", ""] {
            #expect(throws: InvalidValue.self, "\(resource)") {
                try ProtectedResourceMetadata(resource: resource, authorizationServers: [])
            }
        }
    }
}
