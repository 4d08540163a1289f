import Libcrypto
import Testing
import TestSupport

@testable import JOSE

@Suite struct CompactJWSTests {
    private static func jws(header: String, payload: String = "{}", signature: [UInt8] = [0]) -> String {
        [Array(header.utf8), Array(payload.utf8), signature].map(Base64URL.encode).joined(separator: ".")
    }

    @Test(
        "RFC 7515 section 4.1: an unknown alg, any crit and a malformed header are rejected",
        arguments: [
            (#"{"alg":"none"}"#, JWSError.unknownAlgorithm), (#"{"alg":"None"}"#, .unknownAlgorithm),
            (#"{"alg":"NONE"}"#, .unknownAlgorithm), (#"{"alg":"nOnE"}"#, .unknownAlgorithm),
            (#"{"alg":"RSA1_5"}"#, .unknownAlgorithm), (#"{"alg":"rs256"}"#, .unknownAlgorithm),
            (#"{"alg":"RS256","crit":["exp"],"exp":1}"#, .criticalExtension),
            (#"{"alg":"RS256","crit":[]}"#, .criticalExtension),
            ("{}", .malformed), ("[]", .malformed), (#"{"alg":1}"#, .malformed),
            (#"{"alg":"RS256","kid":1}"#, .malformed),
            (#"{"alg":"RS256","typ":null}"#, .malformed), (#"{"alg":"RS256","alg":"RS256"}"#, .malformed),
        ])
    func refusesHeader(header: String, error: JWSError) {
        #expect(throws: error) { try CompactJWS(parsing: Self.jws(header: header)) }
    }

    @Test(
        "RFC 7515 section 4.1: names and values of a header are compared octet for octet", arguments: UnicodeMarks.all)
    func comparesOctets(mark: String) throws {
        #expect(throws: JWSError.unknownAlgorithm) {
            try CompactJWS(parsing: Self.jws(header: #"{"alg":"RS256\#(mark)"}"#))
        }
        #expect(throws: JWSError.malformed) { try CompactJWS(parsing: Self.jws(header: #"{"alg\#(mark)":"RS256"}"#)) }
        for type in ["JWT\(mark)", "\(mark)JWT", "J\(mark)T", "application\(mark)/JWT", "application/\(mark)JWT"] {
            let header = try CompactJWS(parsing: Self.jws(header: #"{"alg":"RS256","typ":"\#(type)"}"#)).header
            #expect(!header.hasType("jwt"))
        }
    }

    @Test("RFC 7515 section 4.1.4: U+212A is no K in a kid, nor in a typ")
    func theKelvinSignIsNoK() throws {
        let key = try PrivateKey.generate(on: .p256).publicKey
        let keys = JWKSet([JWK(key, keyID: "K", algorithm: .es256)])
        #expect(keys.onlyKey(withID: "K", for: .es256) != nil)
        #expect(keys.onlyKey(withID: "\u{212A}", for: .es256) == nil)
        let header = try CompactJWS(parsing: Self.jws(header: #"{"alg":"ES256","typ":"\#u{212A}"}"#)).header
        #expect(!header.hasType("k"))
        #expect(!header.hasType("K"))
        #expect(throws: JWKError.notUnderstood(.keyType)) {
            try JWK(reading: JSONObject([.init("kty", .string("O\u{212A}P"))]))
        }
    }

    @Test(
        "RFC 7515 section 4.1.9: typ is a media type in any case, with or without application/",
        arguments: [
            ("at+jwt", true), ("AT+JWT", true), ("application/at+jwt", true), ("Application/AT+jwt", true),
            ("application/", false), ("at+jw", false), ("at+jwts", false), ("applicationXat+jwt", false),
            ("application/application/at+jwt", false), ("", false), ("text/at+jwt", false), (" at+jwt", false),
        ])
    func readsTheType(type: String, isType: Bool) throws {
        let header = try CompactJWS(parsing: Self.jws(header: #"{"alg":"RS256","typ":"\#(type)"}"#)).header
        #expect(header.hasType("at+jwt") == isType)
    }

    @Test("JSON strings and names are equal if their octets are")
    func valuesAreOctets() {
        #expect(JSONValue.string("K") != .string("\u{212A}"))
        #expect(JSONValue.array([.string("e\u{301}")]) != .array([.string("\u{E9}")]))
        #expect(JSONObject([.init("K", .null)]) != JSONObject([.init("\u{212A}", .null)]))
        #expect(JSONObject([.init("K", .bool(true))]) == JSONObject([.init("K", .bool(true))]))
        for (one, other) in [
            (JSONValue.null, .bool(false)), (.integer(1), .number(1)), (.string("1"), .integer(1)), (.array([]), .null),
            (.object(JSONObject()), .array([])), (.bool(true), .bool(false)), (.number(1.5), .number(2.5)),
            (.integer(1), .integer(2)),
        ] as [(JSONValue, JSONValue)] {
            #expect(one != other)
            #expect(one == one)
        }
    }

    /// The header is valid, so that only the shape can be the reason.
    @Test(
        "RFC 7515 section 7.1: a text that is not three parts of base64url is rejected",
        arguments: [
            "", ".", "..", "H", "H.", "H.e30", "H.e30.e30.e30", "H.e30.e30.e30.e30", "H.e30.e30=", "H.e 30.e30",
            "H.e30.e30\n",
            ".e30.e30",
        ])
    func refusesShape(text: String) throws {
        let header = Base64URL.encode(Array(#"{"alg":"RS256"}"#.utf8))
        _ = try CompactJWS(parsing: "\(header).e30.e30")
        #expect(throws: JWSError.malformed) { try CompactJWS(parsing: text.replacing("H", with: header)) }
    }

    @Test("A text with many dots, or longer than the limit, is rejected")
    func refusesManyDotsAndLongTextsQuickly() {
        #expect(throws: JWSError.malformed) { try CompactJWS(parsing: String(repeating: ".", count: 16_000)) }
        #expect(throws: JWSError.tooLong) { try CompactJWS(parsing: String(repeating: "a", count: 16_385)) }
    }

    @Test("The claims of a text that is not verified are the object in its second part, whatever else the text is")
    func readsUnverifiedClaims() throws {
        let claims = Base64URL.encode(Array(#"{"iss":"a"}"#.utf8))
        for text in [".\(claims)", "?.\(claims).", "?.\(claims).?", "?.\(claims).?.?"] {
            #expect(try CompactJWS.unverifiedClaims(of: text)["iss"]?.string == "a")
        }
        let array = Base64URL.encode(Array("[]".utf8))
        for text in ["", ".", claims, "\(claims).", "?.\(claims)=.?", "?.\(array).?", "?.e30e.?"] {
            #expect(throws: JWSError.malformed) { try CompactJWS.unverifiedClaims(of: text) }
        }
        let text = ".\(claims)"
        _ = try CompactJWS.unverifiedClaims(of: text, maximumLength: text.utf8.count)
        #expect(throws: JWSError.tooLong) {
            try CompactJWS.unverifiedClaims(of: text, maximumLength: text.utf8.count - 1)
        }
        #expect(throws: JWSError.tooLong) {
            try CompactJWS.unverifiedClaims(of: text + String(repeating: ".", count: 16_384))
        }
    }

    @Test("RFC 7515 section 4: a header parameter that is not understood is ignored")
    func ignoresOtherParameters() throws {
        let key = try PrivateKey.generate(on: .p256)
        let keys = JWKSet([JWK(try key.publicKey, keyID: "1", algorithm: .es256)])
        for member in [
            #""cty":"JWT""#, #""x5t":"AA""#, #""x5t#S256":7"#, #""b64":false"#, #""zip":"DEF""#, #""new":{"a":[null]}"#,
            #""\u00fc":null"#,
        ] {
            let token = try Self.sign(key, .es256, header: #"{"alg":"ES256",\#(member),"kid":"1"}"#)
            _ = try CompactJWS(parsing: token).verified(by: keys)
        }
    }

    @Test("RFC 8725 section 3.1: a key with alg is used only with that algorithm")
    func aKeyIsUsedWithItsOwnAlgorithmOnly() throws {
        let key = try PrivateKey.generateRSA(bits: 2048)
        let publicKey = try key.publicKey
        let pinned = JWK(publicKey, keyID: "1", algorithm: .rs256)
        let token = try Self.sign(key, .ps256, header: #"{"alg":"PS256","kid":"1"}"#)
        #expect(throws: JWSError.noSingleKey) { try CompactJWS(parsing: token).verified(by: JWKSet([pinned])) }
        let free = JWK(publicKey, keyID: "1", algorithm: nil)
        _ = try CompactJWS(parsing: token).verified(by: JWKSet([free]))
    }

    @Test(
        "RFC 8725 section 3.1: a verifier accepts the algorithms that it is given, and uses each key with one of them")
    func algorithmsOfAVerifier() throws {
        let key = try PrivateKey.generateRSA(bits: 2048)
        let free = JWKSet([JWK(try key.publicKey, keyID: "1", algorithm: nil)])
        let pinned = JWKSet([JWK(try key.publicKey, keyID: "1", algorithm: .ps256)])
        let rs256 = try CompactJWS(parsing: Self.sign(key, .rs256, header: #"{"alg":"RS256","kid":"1"}"#))
        let ps256 = try CompactJWS(parsing: Self.sign(key, .ps256, header: #"{"alg":"PS256","kid":"1"}"#))
        _ = try rs256.verified(by: free, among: SignatureAlgorithm.all)
        _ = try ps256.verified(by: free, among: [.ps256, .rs256])
        _ = try ps256.verified(by: pinned, among: SignatureAlgorithm.all)
        // A key without `alg` is for the first algorithm of the list that accepts it.
        #expect(throws: JWSError.noSingleKey) { try ps256.verified(by: free, among: SignatureAlgorithm.all) }
        #expect(throws: JWSError.noSingleKey) { try rs256.verified(by: free, among: [.ps256, .rs256]) }
        #expect(throws: JWSError.noSingleKey) { try rs256.verified(by: pinned, among: SignatureAlgorithm.all) }
        // Before a key is looked for: the set has none.
        for algorithms in [[], [.es256, .ps256]] as [[SignatureAlgorithm]] {
            #expect(throws: JWSError.algorithmNotAccepted) { try rs256.verified(by: JWKSet([]), among: algorithms) }
        }
        let edwards = try PrivateKey.generateEd25519()
        for name in ["EdDSA", "Ed25519"] {
            let token = try CompactJWS(parsing: Self.sign(edwards, .edDSA, header: #"{"alg":"\#(name)"}"#))
            for algorithm in [SignatureAlgorithm.edDSA, .ed25519, nil] {
                let keys = JWKSet([JWK(try edwards.publicKey, keyID: nil, algorithm: algorithm)])
                _ = try token.verified(by: keys, among: [.ed25519])
            }
        }
    }

    @Test("RFC 8725 section 3.1: no MAC is accepted, so a public key cannot be its secret")
    func aPublicKeyIsNoSecret() throws {
        // The classic attack: an HS256 code whose secret is the text of a published RSA key.
        let publicKey = try PrivateKey.generateRSA(bits: 2048).publicKey
        let pem = Array(try publicKey.pem().utf8)
        let secret = try SecretBytes(copying: pem.span)
        let input = JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(Array(#"{"alg":"HS256","kid":"1"}"#.utf8)).utf8), payload: [])
        let code = try MessageAuthenticationCode.make(for: input.octets.span, key: secret, hash: .sha256)
        let token = String(decoding: input.compact(with: code), as: UTF8.self)
        let keys = JWKSet([JWK(publicKey, keyID: "1", algorithm: nil)])
        #expect(throws: JWSError.unknownAlgorithm) { try CompactJWS(parsing: token).verified(by: keys) }
    }

    @Test("A failure inside libcrypto is not an invalid signature")
    func failureWhileVerifying() throws {
        let failure = #expect(throws: KeyError.self) { try PrivateKey.generateRSA(bits: 1) }
        guard case .libcrypto(let cause)? = failure else { Issue.record("no failure"); return }
        #expect(throws: JWSError.cannotVerify(cause)) {
            try CompactJWS.check { () throws(LibcryptoError) in throw cause }
        }
        #expect(throws: JWSError.invalidSignature) { try CompactJWS.check { () throws(LibcryptoError) in false } }
        #expect(throws: Never.self) { try CompactJWS.check { () throws(LibcryptoError) in true } }
    }

    @Test("A signature is checked only if exactly one key matches kid and alg")
    func exactlyOneKeyMustMatch() throws {
        let key = try PrivateKey.generate(on: .p256)
        let publicKey = try key.publicKey
        let token = try CompactJWS(parsing: Self.sign(key, .es256, header: #"{"alg":"ES256","kid":"1"}"#))
        let match = JWK(publicKey, keyID: "1", algorithm: .es256)
        let other = JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "2", algorithm: .es256)
        _ = try token.verified(by: JWKSet([match, other]))
        #expect(throws: JWSError.noSingleKey) { try token.verified(by: JWKSet([other])) }
        #expect(throws: JWSError.noSingleKey) { try token.verified(by: JWKSet([match, match])) }
        #expect(throws: JWSError.noSingleKey) { try token.verified(by: JWKSet([])) }
        let unnamed = try CompactJWS(parsing: Self.sign(key, .es256, header: #"{"alg":"ES256"}"#))
        _ = try unnamed.verified(by: JWKSet([match]))
        #expect(throws: JWSError.noSingleKey) { try unnamed.verified(by: JWKSet([match, other])) }
    }

    private static func sign(_ key: PrivateKey, _ algorithm: SignatureAlgorithm, header: String) throws -> String {
        let input = JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(Array(header.utf8)).utf8), payload: Array("{}".utf8))
        let signature = try SigningContext(key: key, scheme: algorithm.scheme).sign(input.octets.span)
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }
}
