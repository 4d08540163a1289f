import JOSE
import Testing

@Suite("A known header is not read again")
struct KnownHeaderTests {
    private static let header = Base64URL.encode(Array(#"{"alg":"RS256","kid":"1"}"#.utf8))
    private static let payload = Base64URL.encode(Array("{}".utf8))

    private static func parsed(_ text: String, _ known: EncodedHeader?) -> Result<CompactJWS, JWSError> {
        Result { () throws(JWSError) in try CompactJWS(parsing: text, maximumLength: 4096, knownHeader: known) }
    }

    @Test("A token with the known header is parsed as without it")
    func sameHeader() throws {
        let text = "\(Self.header).\(Self.payload).AAAA"
        let first = try Self.parsed(text, nil).get()
        #expect(!first.hasKnownHeader)
        let second = try Self.parsed(text, first.encodedHeader).get()
        #expect(second.hasKnownHeader)
        #expect(second.header == first.header)
        #expect(second.unverifiedPayload == Array("{}".utf8))
        let longer = Base64URL.encode(Array(#"{"alg":"RS256","kid":"1","x":0}"#.utf8))
        let other = try Self.parsed("\(longer).\(Self.payload).AAAA", first.encodedHeader).get()
        #expect(!other.hasKnownHeader)
        #expect(other.header.members["x"] == 0)
    }

    @Test(
        "RFC 7515 section 7.1: what is not three parts is rejected, also behind the known header",
        arguments: [
            "", ".", "..", "...", ".e30", ".e30.", ".e30.AAAA.", ".e30..AAAA", ".e30.AA.AA", "A.e30.AAAA", "Ae30.AAAA",
            "Xe30.AAAA", ".e30.AAAA=", ".e3.AAAA", ".e30.AAAB\n",
        ])
    func otherTexts(end: String) throws {
        let known = try Self.parsed("\(Self.header).\(Self.payload).AAAA", nil).get().encodedHeader
        let text = Self.header + end
        let (with, without) = (Self.parsed(text, known), Self.parsed(text, nil))
        #expect(with.error == without.error, "\(text)")
    }
}

extension Result {
    fileprivate var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
