import AccessToken
import JOSE
import Libcrypto
import TestSupport
import Testing
import Zlib

@Suite struct StatusListTokenTests {
    private static let now = NumericDate(1_795_000_000)
    private static let uri = "https://i.example/l/1"
    /// That of draft-ietf-oauth-status-list-21 section 4.1.
    private static let lst = "eNrbuRgAAhcBXQ"
    private static let good =
        #"{"sub":"https://i.example/l/1","iat":1795000000,"exp":1795000600,"ttl":30,"status_list":{"bits":1,"lst":"\#(lst)"}}"#

    private let key: PrivateKey
    private let keys: JWKSet

    init() throws {
        key = try .generate(on: .p256)
        keys = JWKSet([JWK(try key.publicKey, keyID: "k", algorithm: .es256)])
    }

    private func signed(_ payload: [UInt8], type: String) throws -> VerifiedJWS {
        let header = Base64URL.encode(Array(#"{"alg":"ES256","kid":"k"\#(type)}"#.utf8))
        let input = JWSSigningInput(encodedHeader: Array(header.utf8), payload: payload)
        let signature = try SigningContext(key: key, scheme: .ecdsa(.p256, .sha256)).sign(input.octets.span)
        return try CompactJWS(parsing: input.compactText(with: signature), maximumLength: 1 << 20).verified(by: keys)
    }

    @discardableResult
    private func read(
        _ payload: String = good, type: String = #","typ":"statuslist+jwt""#, maximumOctets: Int = 2,
        at now: NumericDate = now
    ) throws -> StatusListToken {
        try StatusListToken(
            try signed(Array(payload.utf8), type: type), of: Self.uri, maximumOctets: maximumOctets, now: now,
            leeway: .seconds(30))
    }

    private func expect(
        _ error: StatusListError, _ comment: String = "", _ body: () throws -> Void,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: error, Comment(rawValue: comment), sourceLocation: location) { try body() }
    }

    @Test("draft-ietf-oauth-status-list-21 section 5.1: every claim is read")
    func readsTheClaims() throws {
        let token = try read()
        #expect(token.uri == Self.uri)
        #expect(token.issuedAt == Self.now)
        #expect(token.expiresAt == NumericDate(1_795_000_600))
        #expect(token.timeToLive == .seconds(30))
        #expect((0..<4).map { token.list.status(at: $0) } == [1, 0, 0, 1])
    }

    @Test("draft-ietf-oauth-status-list-21 section 5.1: exp and ttl may be absent")
    func readsTheLeast() throws {
        let token = try read(
            #"{"sub":"https://i.example/l/1","iat":1795000000,"status_list":{"bits":1,"lst":"\#(Self.lst)"}}"#)
        #expect(token.expiresAt == nil && token.timeToLive == nil)
    }

    @Test("draft-ietf-oauth-status-list-21 section 5.1: what is written is read again")
    func writesTheClaims() throws {
        var list = StatusList(entryCount: 1 << 20)
        list.set(5)
        let token = StatusListToken(
            uri: Self.uri, issuedAt: Self.now, expiresAt: Self.now + .seconds(600), timeToLive: .seconds(30), list: list
        )
        let payload = String(decoding: try token.json(), as: UTF8.self)
        #expect(
            payload.hasPrefix(
                #"{"sub":"https://i.example/l/1","iat":1795000000,"exp":1795000600,"ttl":30,"status_list":{"bits":1,"lst":""#
            ))
        let again = try read(payload, maximumOctets: 1 << 17)
        #expect(again.list == list)
        #expect(again.expiresAt == token.expiresAt && again.timeToLive == token.timeToLive)
        let least = StatusListToken(
            uri: Self.uri, issuedAt: Self.now, expiresAt: nil, timeToLive: nil, list: StatusList(entryCount: 8))
        let written = try #require(JSONReader.read(try least.json()).object)
        #expect(written.members.map(\.name) == ["sub", "iat", "status_list"])
    }

    @Test(
        "draft-ietf-oauth-status-list-21 section 5.1: typ is statuslist+jwt in any case, with or without application/",
        arguments: ["statuslist+jwt", "StatusList+JWT", "application/statuslist+jwt"])
    func takesType(type: String) throws {
        try read(type: #","typ":"\#(type)""#)
    }

    @Test(
        "RFC 8725 section 3.11: any other typ is refused, such as that of an access token",
        arguments: ["", #","typ":"at+jwt""#, #","typ":"JWT""#, #","typ":"statuslist+cwt""#, #","typ":"""#])
    func refusesType(type: String) {
        expect(.wrongType) { try read(type: type) }
    }

    @Test(
        "draft-ietf-oauth-status-list-21 section 8.3: sub is the list that was asked for, octet for octet",
        arguments: [
            "https://i.example/l/2", "https://i.example/l/1/", "https://I.example/l/1", "https://i.example/l/%31",
            "https://i.example:443/l/1", "",
        ] + UnicodeMarks.all.map { "https://i.example/l/1\($0)" })
    func refusesAnotherList(sub: String) {
        expect(.otherList) { try read(Self.good.replacing(Self.uri, with: sub)) }
    }

    struct Change: Sendable {
        let of: String
        let to: String
        let error: StatusListError
    }

    @Test(
        "draft-ietf-oauth-status-list-21 section 5.1: a claim that is missing or malformed is refused",
        arguments: [
            Change(of: #""sub":"https://i.example/l/1","#, to: "", error: .malformed(.sub)),
            Change(of: #""sub":"https://i.example/l/1""#, to: #""sub":1"#, error: .malformed(.sub)),
            Change(of: #""iat":1795000000,"#, to: "", error: .malformed(.iat)),
            Change(of: "1795000000", to: #""1795000000""#, error: .malformed(.iat)),
            Change(of: "1795000600", to: "null", error: .malformed(.exp)),
            Change(of: #""ttl":30"#, to: #""ttl":0"#, error: .malformed(.ttl)),
            Change(of: #""ttl":30"#, to: #""ttl":-30"#, error: .malformed(.ttl)),
            Change(of: #""ttl":30"#, to: #""ttl":-0.5"#, error: .malformed(.ttl)),
            Change(of: #""ttl":30"#, to: #""ttl":"30""#, error: .malformed(.ttl)),
            Change(of: #""ttl":30"#, to: #""ttl":null"#, error: .malformed(.ttl)),
            Change(of: #""ttl":30"#, to: #""nbf":"soon""#, error: .malformed(.nbf)),
            Change(of: #"{"bits":1,"#, to: #"["#, error: .malformed(.payload)),
            Change(of: #"{"bits":1,"lst":"eNrbuRgAAhcBXQ"}"#, to: "[]", error: .malformed(.statusList)),
            Change(of: #""bits":1,"#, to: "", error: .malformed(.bits)),
            Change(of: #""bits":1"#, to: #""bits":"1""#, error: .malformed(.bits)),
            Change(of: #""bits":1"#, to: #""bits":1.0"#, error: .malformed(.bits)),
            Change(of: #""bits":1"#, to: #""bits":3"#, error: .unknownBits),
            Change(of: #""bits":1"#, to: #""bits":0"#, error: .unknownBits),
            Change(of: #""bits":1"#, to: #""bits":9223372036854775807"#, error: .unknownBits),
            Change(of: #","lst":"eNrbuRgAAhcBXQ""#, to: "", error: .malformed(.lst)),
            Change(of: lst, to: lst + "=", error: .malformed(.lst)),
            Change(of: lst, to: "eNrb+RgAAhcBXQ", error: .malformed(.lst)),
            Change(of: lst, to: "", error: .compression(.malformed)),
            Change(of: lst, to: "uaM", error: .compression(.malformed)),
        ])
    func refuses(change: Change) {
        #expect(Self.good.contains(change.of))
        expect(change.error, change.to) { try read(Self.good.replacing(change.of, with: change.to)) }
    }

    @Test("A ttl may have a fraction and be very long", arguments: ["0.5", "1e300", "1795000000000000000"])
    func readsAnyLength(ttl: String) throws {
        let timeToLive = try #require(try read(Self.good.replacing(#""ttl":30"#, with: #""ttl":\#(ttl)"#)).timeToLive)
        #expect(timeToLive > .zero && timeToLive <= .seconds(1_000_000_000))
    }

    @Test("RFC 7519 sections 4.1.5 and 4.1.6: a list of the future is refused beyond the leeway")
    func refusesTheFuture() throws {
        try read(at: Self.now - .seconds(30))
        expect(.notYetValid) { try read(at: Self.now - .seconds(31)) }
        expect(.notYetValid) {
            try read(Self.good.replacing(#""ttl":30"#, with: #""nbf":1795000031"#))
        }
    }

    @Test("draft-ietf-oauth-status-list-21 section 13.7: a list says nothing from exp on, without leeway")
    func expires() throws {
        try read(at: NumericDate(1_795_000_599))
        expect(.expired) { try read(at: NumericDate(1_795_000_600)) }
    }

    @Test("A list with more octets than are accepted is refused, however few they are in the token")
    func refusesABomb() throws {
        let lst = Base64URL.encode(try ZlibFormat.compress([UInt8](repeating: 0, count: 1 << 20)))
        let payload = Self.good.replacing(Self.lst, with: lst)
        #expect(payload.utf8.count < 2000)
        expect(.compression(.tooLong)) { try read(payload, maximumOctets: 1 << 17) }
    }
}
