import AccessToken
import JOSE
import TestSupport
import Testing

@Suite struct StatusListReferenceTests {
    private static func read(_ payload: String) throws -> StatusListReference? {
        let claims = try #require(try JSONReader.read(Array(payload.utf8)).object)
        return try StatusListReference(of: claims)
    }

    @Test("draft-ietf-oauth-status-list-21 section 6.2: idx and uri are read, and written again")
    func readsAndWrites() throws {
        let claim = #"{"status_list":{"idx":3,"uri":"https://i.example/l/1?a=b"}}"#
        let reference = try #require(try Self.read(#"{"status":\#(claim)}"#))
        #expect(reference == StatusListReference(index: 3, uri: "https://i.example/l/1?a=b"))
        var writer = JSONWriter()
        writer.value(reference.json)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == claim)
    }

    @Test("Other members of the claim are ignored")
    func ignoresOthers() throws {
        #expect(
            try Self.read(#"{"status":{"x":1,"status_list":{"y":2,"idx":0,"uri":"urn:a:b"}}}"#)
                == StatusListReference(index: 0, uri: "urn:a:b"))
    }

    @Test("A token without the claim has no reference")
    func isAbsent() throws {
        #expect(try Self.read(#"{"status_list":{"idx":0,"uri":"https://i.example"},"Status":1}"#) == nil)
    }

    @Test(
        "draft-ietf-oauth-status-list-21 section 6.2: a malformed claim is refused, and one without a Status List",
        arguments: [
            "null", "0", #""""#, "[]", "{}", #"{"status_list":null}"#, #"{"status_list":[]}"#,
            #"{"status_list":{}}"#, #"{"status_list":{"idx":0}}"#, #"{"status_list":{"uri":"https://i.example"}}"#,
            #"{"other":{"idx":0,"uri":"https://i.example"}}"#,
        ]
            + ["-1", "0.0", "1e3", #""0""#, "null", "99999999999999999999"].map {
                #"{"status_list":{"idx":\#($0),"uri":"https://i.example"}}"#
            }
            + [#""""#, "null", "1", #""/l""#, #""i.example""#, #""https://i.example/ ""#, #""https://""#].map {
                #"{"status_list":{"idx":0,"uri":\#($0)}}"#
            }
            + UnicodeMarks.all.map { #"{"status_list":{"idx":0,"uri":"https\#($0)://i.example"}}"# })
    func refusesAMalformedClaim(claim: String) {
        #expect(throws: AccessTokenRejection.missingClaim("status")) { try Self.read(#"{"status":\#(claim)}"#) }
    }

    @Test("Two references are equal if index and octets are")
    func comparesOctets() {
        let plain = StatusListReference(index: 0, uri: "https://i.example/K")
        #expect(plain != StatusListReference(index: 0, uri: "https://i.example/\u{212A}"))
        #expect(plain != StatusListReference(index: 1, uri: "https://i.example/K"))
        #expect(plain.hashValue == StatusListReference(index: 0, uri: "https://i.example/K").hashValue)
    }
}
