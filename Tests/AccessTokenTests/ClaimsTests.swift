import AccessToken
import JOSE
import Testing

@Suite struct ClaimsTests {
    private func claims(audience: [String]) throws -> AccessTokenClaims {
        AccessTokenClaims(
            issuer: try Issuer("https://i.example"), subject: "c", audience: try audience.map { try Audience($0) },
            expiresAt: NumericDate(1000), issuedAt: NumericDate(100), tokenID: "id", clientID: try ClientID("c"),
            scope: try Scope("a b"))
    }

    @Test("RFC 9068 section 2.2: every required claim is written")
    func writesWhatRFC9068Asks() throws {
        let json = String(decoding: try claims(audience: ["https://a"]).json(), as: UTF8.self)
        #expect(
            json
                == #"{"iss":"https://i.example","sub":"c","aud":"https://a","exp":1000,"iat":100,"jti":"id","client_id":"c","scope":"a b"}"#
        )
    }

    @Test("RFC 7519 section 4.1.3: several audiences are written as an array")
    func writesSeveralAudiencesAsAnArray() throws {
        let json = String(decoding: try claims(audience: ["https://a", "https://b"]).json(), as: UTF8.self)
        #expect(json.contains(#""aud":["https://a","https://b"]"#))
    }

    @Test("A client's own claims follow the registered ones")
    func appendsClaimsOfTheClient() throws {
        let additional = JSONWriter.members(
            of: JSONObject([.init("tenant", .string("acme")), .init("n", .integer(1))]))
        let json = String(decoding: try claims(audience: ["https://a"]).json(adding: additional), as: UTF8.self)
        #expect(json.hasSuffix(#""scope":"a b","tenant":"acme","n":1}"#))
    }
}
