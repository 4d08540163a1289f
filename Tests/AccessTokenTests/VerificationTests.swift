import AccessToken
import JOSE
import Libcrypto
import Testing

@Suite struct VerificationTests {
    private static let now = NumericDate(1_795_000_000)
    private static let good =
        #"{"iss":"https://i.example","sub":"c","aud":"https://a.example","exp":1795000900,"iat":1795000000,"jti":"1","client_id":"c","scope":"r w"}"#

    private let key: PrivateKey
    private let keys: JWKSet

    init() throws {
        key = try .generate(on: .p256)
        keys = JWKSet([JWK(try key.publicKey, keyID: "k", algorithm: .es256)])
    }

    private func token(_ payload: String, type: String = "at+jwt") throws -> String {
        let header = Base64URL.encode(Array(#"{"alg":"ES256","kid":"k","typ":"\#(type)"}"#.utf8))
        let input = JWSSigningInput(encodedHeader: Array(header.utf8), payload: Array(payload.utf8))
        let signature = try SigningContext(key: key, scheme: .ecdsa(.p256, .sha256)).sign(input.octets.span)
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }

    @discardableResult
    private func verify(
        _ token: String, at now: NumericDate = now, leeway: Duration = .seconds(30)
    ) throws -> VerifiedAccessToken {
        try VerifiedAccessToken(
            verifying: token, keys: keys, issuer: Issuer("https://i.example"), audience: Audience("https://a.example"),
            now: now, leeway: leeway)
    }

    @Test("RFC 9068 section 4: a valid token is accepted with its claims")
    func takesAGoodToken() throws {
        let verified = try verify(token(Self.good))
        #expect(verified.claims.clientID?.description == "c")
        #expect(verified.claims.scope.tokens == ["r", "w"])
        #expect(verified.payload["jti"] == .string("1"))
    }

    @Test(
        "RFC 9068 section 4: typ is at+jwt in any case, with or without application/",
        arguments: ["at+jwt", "AT+JWT", "application/at+jwt"])
    func takesType(type: String) throws {
        try verify(token(Self.good, type: type))
    }

    @Test("RFC 9068 section 4: any other typ is rejected", arguments: ["JWT", "jwt", "", "at+jwt2", "dpop+jwt"])
    func refusesType(type: String) throws {
        let token = try token(Self.good, type: type)
        expect("its type is not the expected one") { try verify(token) }
    }

    struct Change: Sendable {
        let of: String
        let to: String
        let reason: String
    }

    @Test(
        "RFC 9068 section 4: a token with a missing, malformed or wrong claim is rejected with the reason",
        arguments: [
            Change(
                of: #""iss":"https://i.example""#, to: #""iss":"https://i.example/""#,
                reason: "it comes from another issuer"),
            Change(of: #""iss":"https://i.example","#, to: "", reason: "its claim iss is missing or malformed"),
            Change(of: #""sub":"c","#, to: "", reason: "its claim sub is missing or malformed"),
            Change(of: #""aud":"https://a.example","#, to: "", reason: "its claim aud is missing or malformed"),
            Change(
                of: #""aud":"https://a.example""#, to: #""aud":[]"#, reason: "its claim aud is missing or malformed"),
            Change(
                of: #""aud":"https://a.example""#, to: #""aud":"https://b.example""#,
                reason: "it is meant for another audience"),
            Change(
                of: #""aud":"https://a.example""#, to: #""aud":["https://b.example"]"#,
                reason: "it is meant for another audience"),
            Change(of: #""exp":1795000900,"#, to: "", reason: "its claim exp is missing or malformed"),
            Change(
                of: #""exp":1795000900"#, to: #""exp":"1795000900""#, reason: "its claim exp is missing or malformed"),
            Change(of: #""exp":1795000900"#, to: #""exp":1e300"#, reason: "its claim exp is missing or malformed"),
            Change(of: #""exp":1795000900"#, to: #""exp":1794999970"#, reason: "it has expired"),
            Change(of: #""iat":1795000000,"#, to: "", reason: "its claim iat is missing or malformed"),
            Change(
                of: #""iat":1795000000"#, to: #""iat":"1795000000""#, reason: "its claim iat is missing or malformed"),
            Change(of: #""jti":"1""#, to: #""jti":"1","nbf":"0""#, reason: "its claim nbf is missing or malformed"),
            Change(of: #""jti":"1","#, to: "", reason: "its claim jti is missing or malformed"),
            Change(of: #""client_id":"c","#, to: "", reason: "its claim client_id is missing or malformed"),
            Change(of: #""scope":"r w""#, to: #""scope":["r"]"#, reason: "its claim scope is missing or malformed"),
            Change(of: #""jti":"1""#, to: #""jti":"1","nbf":1795000031"#, reason: "it is not valid yet"),
            Change(of: #""jti":"1""#, to: #""jti":"1","jti":"2""#, reason: "it is not a JWT"),
        ])
    func refuses(_ change: Change) throws {
        let token = try token(Self.good.replacing(change.of, with: change.to))
        expect(change.reason) { try verify(token) }
    }

    @Test(
        "RFC 9068 section 4: other valid forms of a claim are accepted",
        arguments: [
            (#""aud":"https://a.example""#, #""aud":["https://b.example","https://a.example"]"#),
            (#""exp":1795000900"#, #""exp":1795000900.5"#), (#""exp":1795000900"#, #""exp":1794999971"#),
            (#""jti":"1""#, #""jti":"1","nbf":1795000030"#), (#","scope":"r w""#, ""),
            (#""jti":"1""#, #""jti":"1","new":{"crit":[null]},"sub ":7"#),
        ])
    func takes(of: String, to: String) throws {
        try verify(token(Self.good.replacing(of, with: to)))
    }

    @Test("RFC 7519 section 4.1.4: a token expires when exp and the leeway have passed")
    func aTokenEndsWithItsLeeway() throws {
        let token = try token(Self.good)
        try verify(token, at: NumericDate(1_795_000_929))
        expect("it has expired") { try verify(token, at: NumericDate(1_795_000_930)) }
        try verify(token, at: NumericDate(1_795_000_899), leeway: .zero)
        expect("it has expired") { try verify(token, at: NumericDate(1_795_000_900), leeway: .zero) }
    }

    @Test("RFC 9068 section 4: a signature of another key is rejected")
    func refusesASignatureOfAnotherKey() throws {
        let other = try VerificationTests()
        let token = try other.token(Self.good)
        expect("its signature is not valid") { try verify(token) }
    }

    /// Expects a rejection with this text.
    private func expect(_ reason: String, _ body: () throws -> Void) {
        let error = #expect(throws: AccessTokenRejection.self) { try body() }
        #expect(error?.description == reason)
    }
}
