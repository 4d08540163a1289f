import JOSE
import NIOHTTP1
import Testing

@testable import RemoteKeys
@testable import TokenSource

/// What is made of the body of an answer, without a network.
@Suite struct TokenAnswerTests {
    private func read(_ body: String, status: UInt = 200) throws(TokenSourceError) -> TokenAnswer {
        let answer = HTTPAnswer(status: status, headers: HTTPHeaders(), body: Array(body.utf8))
        return try TokenAnswer(try answer.members(now: ManualClock.date))
    }

    private func read(member: String) throws(TokenSourceError) -> TokenAnswer {
        try read(#"{"access_token":"t","token_type":"bearer",\#(member)}"#)
    }

    @Test(
        "RFC 6749 section 5.1: expires_in is a number of seconds, which counts up to a day",
        arguments: [
            (#""expires_in":1"#, Duration.seconds(1)), (#""expires_in":3600"#, .seconds(3600)),
            (#""expires_in":3600.9"#, .seconds(3600)), (#""expires_in":"3600""#, .seconds(3600)),
            (#""expires_in":86401"#, .seconds(86400)), (#""expires_in":9223372036854775807"#, .seconds(86400)),
            (#""expires_in":1e300"#, .seconds(86400)), (#""expires_in":"99999999999999999999""#, .seconds(86400)),
            (#""expires_in":null"#, nil), (#""x":1"#, nil),
        ] as [(String, Duration?)])
    func readsTheLifetime(member: String, lifetime: Duration?) throws {
        #expect(try read(member: member).lifetime == lifetime)
    }

    @Test(
        "RFC 6749 section 5.1: what is no number of seconds, no scope or no object is refused",
        arguments: [
            #""expires_in":0"#, #""expires_in":-1"#, #""expires_in":0.5"#, #""expires_in":"-1""#, #""expires_in":"""#,
            #""expires_in":"1h""#, #""expires_in":"１""#, #""expires_in":true"#, #""expires_in":[1]"#,
            #""expires_in":{}"#,
            #""expires_in":NaN"#, #""expires_in":Infinity"#, #""expires_in":1e999"#, #""scope":1"#, #""scope":["a"]"#,
            #""scope":"a\nb""#, #""scope":"a  b""#, #""access_token":"u""#, #""x":"\#u{1}""#,
        ])
    func refusesMembers(member: String) {
        #expect(throws: TokenSourceError(.malformedAnswer)) { try read(member: member) }
    }

    @Test(
        "RFC 6749 appendix A.12: an access token is visible ASCII",
        arguments: [
            "1", "null", "true", "[]", #""""#, #"" ""#, #""a b""#, #""a\r\nX-Other: b""#, #""é""#, #""a\u0000""#,
            #""\#u{7F}""#, #""\#u{212A}""#,
        ])
    func refusesTokens(value: String) {
        #expect(throws: TokenSourceError(.malformedAnswer)) {
            try read(#"{"access_token":\#(value),"token_type":"Bearer"}"#)
        }
    }

    @Test(
        "RFC 6749 section 7.1: a token of another type is not used",
        arguments: ["", #","token_type":"mac""#, #","token_type":"DPoP""#, #","token_type":1"#, #","token_type":null"#])
    func refusesTypes(member: String) {
        #expect(throws: TokenSourceError(.unusableTokenType)) { try read(#"{"access_token":"t"\#(member)}"#) }
    }

    @Test("RFC 6749 section 5.1: the type has any letter case", arguments: ["Bearer", "bearer", "BEARER"])
    func typeInAnyCase(type: String) throws {
        #expect(try read(#"{"access_token":"t","token_type":"\#(type)"}"#).accessToken == "t")
    }

    @Test("RFC 6749 section 7.1: a mark of Unicode behind the name of a type makes another type")
    func markedType() {
        #expect(throws: TokenSourceError(.unusableTokenType)) {
            try read(#"{"access_token":"t","token_type":"Bearer\#u{301}"}"#)
        }
    }

    @Test(
        "An answer with status 200 that is not a JSON object is refused",
        arguments: [
            "", "<html><title>Sign in</title></html>", "[]", #""token""#, "null", "access_token=t&token_type=Bearer",
            #"{"access_token":"t","token_type":"Bearer"}}"#, #"{"access_token":"t","token_type":"Bearer""#,
            "\u{FEFF}{\"access_token\":\"t\",\"token_type\":\"Bearer\"}",
            String(repeating: "[", count: 100_000), #"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#,
        ])
    func refusesOtherTexts(body: String) {
        #expect(throws: TokenSourceError(.malformedAnswer)) { try read(body) }
    }

    @Test("RFC 6749 section 5.2: an error keeps its code and its description, without what controls a terminal")
    func readsErrors() {
        let controls = #"\u001b[2J\r\nerror: \u202e\u0000"#
        let error = #expect(throws: TokenSourceError(.refused)) {
            try read(#"{"error":"invalid_scope","error_description":"no\#(controls)"}"#, status: 400)
        }
        #expect(error?.refusal?.error == "invalid_scope")
        #expect(error?.refusal?.errorDescription == #"no\u{1B}[2J\u{D}\u{A}error: \u{202E}\u{0}"#)
        #expect(error?.description.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) } == true)
    }

    @Test("The texts of an error are bounded")
    func boundsErrors() {
        let long = String(repeating: "x", count: 100_000)
        let error = #expect(throws: TokenSourceError(.refused)) {
            try read(#"{"error":"\#(long)","error_description":"\#(long)"}"#, status: 400)
        }
        #expect(error?.description.utf8.count ?? .max < 1000)
    }

    @Test("An error with status 200 is an error too, if there is no token")
    func readsErrorsWithStatus200() {
        #expect(throws: TokenSourceError(.refused)) { try read(#"{"error":"bad_verification_code"}"#) }
    }

    @Test(
        "Another status without an error of RFC 6749 is reported as that",
        arguments: [201, 204, 302, 307, 400, 404, 429, 500, 503] as [UInt])
    func readsStatuses(status: UInt) {
        for body in ["", "<html>", #"{"access_token":"t","token_type":"Bearer"}"#, #"{"error":1}"#, #"{"error":""}"#] {
            #expect(throws: TokenSourceError(.unexpectedStatus(status))) { try read(body, status: status) }
        }
        let isTemporary = TokenSourceError(.unexpectedStatus(status)).isTemporary
        #expect(isTemporary == [429, 500, 503].contains(status))
    }
}
