import AccessToken
import Hummingbird
import HummingbirdTesting
import JOSE
import Libcrypto
import Testing
import TokenVerifier
import TokenVerifierHummingbird
import TestSupport

@Suite struct BearerTokenMiddlewareTests {
    private static let now = NumericDate(1_795_000_000)
    private let key: PrivateKey
    private let verifier: AccessTokenVerifier

    init() throws {
        key = try .generate(on: .p256)
        let keys = JWKSet([JWK(try key.publicKey, keyID: "k", algorithm: .es256)])
        verifier = AccessTokenVerifier(
            issuer: try Issuer("https://i.example"), audience: try Audience("https://a.example"), keys: .fixed(keys),
            now: { Self.now })
    }

    private func token(scope: String, expiresAt: Int64 = 1_795_000_900) throws -> String {
        let claims = AccessTokenClaims(
            issuer: try Issuer("https://i.example"), subject: "c", audience: [try Audience("https://a.example")],
            expiresAt: NumericDate(expiresAt), issuedAt: Self.now, tokenID: "1", clientID: try ClientID("c"),
            scope: try Scope(scope))
        let header = Base64URL.encode(Array(#"{"alg":"ES256","typ":"at+jwt","kid":"k"}"#.utf8))
        let input = JWSSigningInput(encodedHeader: Array(header.utf8), payload: claims.json())
        let signature = try SigningContext(key: key, scheme: .ecdsa(.p256, .sha256)).sign(input.octets.span)
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }

    private var application: some ApplicationProtocol {
        get throws {
            let router = Router(context: BasicAccessTokenRequestContext.self)
            router.add(middleware: BearerTokenMiddleware(verifier, requiring: try Scope("site.read")))
            router.get("/") { _, context in context.accessToken?.claims.clientID.description ?? "nobody" }
            return Application(router: router)
        }
    }

    @Test("RFC 9110 section 11.1: a valid token is accepted, with the scheme in upper or lower case")
    func letsAGoodTokenPass() async throws {
        let token = try token(scope: "site.read more")
        try await application.test(.router) { client in
            for scheme in ["Bearer", "bearer", "BEARER"] {
                try await client.execute(uri: "/", method: .get, headers: [.authorization: "\(scheme) \(token)"]) {
                    response in
                    #expect(response.status == .ok)
                    #expect(String(buffer: response.body) == "c")
                }
            }
        }
    }

    @Test("The Authorization field is taken apart by octets", arguments: UnicodeMarks.all)
    func takesTheFieldApartByOctets(mark: String) async throws {
        let token = try token(scope: "site.read")
        let fields =
            UnicodeMarks.variants(of: "Bearer \(token)", at: " ", with: mark)
            + UnicodeMarks.variants(of: "Bearer \(token)", at: ".", with: mark)
            + ["\(mark)Bearer \(token)", "Be\(mark)rer \(token)", "Bearer \(token)\(mark)"]
        try await application.test(.router) { client in
            for field in fields {
                try await client.execute(uri: "/", method: .get, headers: [.authorization: field]) { response in
                    #expect(response.status == .unauthorized)
                }
            }
            try await client.execute(uri: "/", method: .get, headers: [.authorization: "bearer   \(token) "]) {
                response in
                #expect(response.status == .ok)
            }
        }
    }

    @Test("RFC 6750 section 3: every other request gets a challenge with its error code")
    func challengesAsRFC6750Says() async throws {
        let good = try token(scope: "site.read")
        let expired = try token(scope: "site.read", expiresAt: 1_794_999_970)
        let narrow = try token(scope: "other")
        let rows: [(HTTPFields, HTTPResponse.Status, String)] = [
            ([:], .unauthorized, "Bearer"),
            ([.authorization: "Basic abc"], .unauthorized, "Bearer"),
            (
                HTTPFields([
                    .init(name: .authorization, value: "Bearer a"), .init(name: .authorization, value: "Bearer b"),
                ]),
                .badRequest, #"Bearer error="invalid_request""#
            ),
            ([.authorization: "Bearer"], .unauthorized, "Bearer"),
            ([.authorization: "Bearer nonsense"], .unauthorized, #"Bearer error="invalid_token""#),
            ([.authorization: "Bearer \(expired)"], .unauthorized, #"Bearer error="invalid_token""#),
            ([.authorization: "Bearer \(good)x"], .unauthorized, #"Bearer error="invalid_token""#),
            (
                [.authorization: "Bearer \(narrow)"], .forbidden,
                #"Bearer error="insufficient_scope", scope="site.read""#
            ),
        ]
        try await application.test(.router) { client in
            for (headers, status, challenge) in rows {
                try await client.execute(uri: "/", method: .get, headers: headers) { response in
                    #expect(response.status == status)
                    #expect(response.headers[.wwwAuthenticate] == challenge)
                }
            }
        }
    }
}
