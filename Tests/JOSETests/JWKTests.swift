import Foundation
import JOSE
import Libcrypto
import Testing

@Suite struct JWKTests {
    private static func read(_ text: String) throws -> JWK {
        try JWK(reading: #require(try JSONReader.read(Array(text.utf8)).object))
    }

    @Test(
        "RFC 7517 section 4: a key with a missing or invalid member is rejected",
        arguments: [
            (#"{}"#, JWKError.Defect.missingKeyType),
            (#"{"kty":7}"#, JWKError.Defect.missingKeyType),
            (#"{"kty":"RSA","e":"AQAB"}"#, JWKError.Defect.modulus),
            (#"{"kty":"RSA","n":"AQAB"}"#, JWKError.Defect.exponent),
            (#"{"kty":"RSA","n":"AQAB","e":"AQ"}"#, JWKError.Defect.outOfRange),
            (#"{"kty":"RSA","n":"AQAB","e":"Ag"}"#, JWKError.Defect.outOfRange),
            (#"{"kty":"RSA","n":"AAEB","e":"AQAB"}"#, JWKError.Defect.leadingZero),
            (#"{"kty":"EC","x":"AA","y":"AA"}"#, JWKError.Defect.missingCurve),
            (#"{"kty":"EC","crv":"P-256","y":"AA"}"#, JWKError.Defect.x),
            (#"{"kty":"EC","crv":"P-256","x":"AA"}"#, JWKError.Defect.y),
            (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, JWKError.Defect.components),
            (#"{"kty":"OKP","x":"AA"}"#, JWKError.Defect.missingCurve),
            (#"{"kty":"OKP","crv":"Ed25519"}"#, JWKError.Defect.x),
            (#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#, JWKError.Defect.x),
            (#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, JWKError.Defect.components),
            (
                #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"RS256"}"#,
                JWKError.Defect.otherAlgorithm
            ),
            (
                #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":7}"#,
                JWKError.Defect.keyID
            ),
            (#"{"kty":"RSA","key_ops":"verify"}"#, JWKError.Defect.operations),
            (#"{"kty":"RSA","alg":7}"#, JWKError.Defect.algorithm),
        ])
    func refuses(text: String, reason: JWKError.Defect) {
        #expect(throws: JWKError.invalid(reason)) { try Self.read(text) }
    }

    @Test(
        "RFC 7517 section 5: a key of an unknown kind, or for another use, is not understood",
        arguments: [
            (#"{"kty":"XYZ"}"#, JWKError.Unknown.keyType), (#"{"kty":"EC","crv":"secp256k1"}"#, JWKError.Unknown.curve),
            (#"{"kty":"OKP","crv":"X25519"}"#, JWKError.Unknown.curve),
            (#"{"kty":"rsa"}"#, JWKError.Unknown.keyType), (#"{"kty":"okp"}"#, JWKError.Unknown.keyType),
            (#"{"kty":"EC","crv":"p-256"}"#, JWKError.Unknown.curve),
            (#"{"kty":"OKP","crv":"ed25519"}"#, JWKError.Unknown.curve),
            (#"{"kty":"RSA","use":"SIG"}"#, JWKError.Unknown.use),
            (#"{"kty":"RSA","key_ops":["VERIFY"]}"#, JWKError.Unknown.operations),
            (#"{"kty":"RSA","use":"sig","key_ops":["encrypt"]}"#, JWKError.Unknown.operations),
            (#"{"kty":"RSA","use":"enc"}"#, JWKError.Unknown.use),
            (#"{"kty":"RSA","alg":"A128KW"}"#, JWKError.Unknown.algorithm),
            (#"{"kty":"RSA","alg":"HS256"}"#, JWKError.Unknown.algorithm),
            (#"{"kty":"RSA","key_ops":["encrypt"]}"#, JWKError.Unknown.operations),
            (#"{"kty":"oct","k":"AAAA"}"#, JWKError.Unknown.symmetric),
            (
                #"{"kty":"oct","k":"c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlYw","alg":"HS256"}"#,
                JWKError.Unknown.symmetric
            ),
        ])
    func skips(text: String, reason: JWKError.Unknown) {
        #expect(throws: JWKError.notUnderstood(reason)) { try Self.read(text) }
    }

    @Test("RFC 7517 section 5: a set skips keys that are not understood and reports them")
    func aSetKeepsWhatItUnderstandsAndSaysWhatItDoesNot() throws {
        let good = JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "good", algorithm: .es256)
        let set = String(decoding: JWKSet([good]).json(), as: UTF8.self)
        let mixed = set.replacingOccurrences(
            of: "{\"keys\":[", with: #"{"keys":[{"kty":"new"},{"kty":"oct","k":"AA"},7,"#)
        let keys = try JWKSet(reading: Array(mixed.utf8))
        #expect(keys.keys.map(\.keyID) == ["good"])
        #expect(
            keys.ignored.map(\.description) == [
                "key 1: kty is not known", "key 2: it is symmetric", "key 3: it is not an object",
            ])
    }

    @Test(
        "RFC 7517 section 5: a text that is not a JWK Set is rejected",
        arguments: ["", "[]", "{}", #"{"keys":{}}"#, "{\"keys\":[]"])
    func refusesWhatIsNoSet(text: String) {
        #expect(throws: JWKSetError.self) { try JWKSet(reading: Array(text.utf8)) }
    }

    @Test("RFC 7517 sections 4 and 5: a member of a key or of a set that is not understood is ignored")
    func ignoresOtherMembers() throws {
        let good = JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "good", algorithm: .es256)
        let set = String(decoding: JWKSet([good]).json(), as: UTF8.self)
        let more = set.replacing(#"{"keys":[{"#, with: #"{"new":[1],"keys":[{"x5t":"AA","iat":1,"new":{"d":null},"#)
        let keys = try JWKSet(reading: Array(more.replacing("}]}", with: #"}],"kty":"RSA"}"#).utf8))
        #expect(keys == JWKSet([good]))
        #expect(keys.ignored.isEmpty)
    }

    @Test("RFC 7517 sections 4 and 5: a text with two members of one name is no set")
    func refusesRepeatedMembers() throws {
        let key = JWK(try PrivateKey.generateEd25519().publicKey, keyID: "a", algorithm: nil)
        let set = String(decoding: JWKSet([key]).json(), as: UTF8.self)
        _ = try JWKSet(reading: Array(set.utf8))
        for text in [set.replacing(#""kid""#, with: #""kid":"b","kid""#), set.replacing("]}", with: #"],"keys":[]}"#)] {
            #expect(throws: JWKSetError.self) { try JWKSet(reading: Array(text.utf8)) }
        }
    }

    @Test("RFC 7518 section 3.3: an RSA key of 1024 bits verifies nothing")
    func anRSAKeyOf1024BitsVerifiesNothing() throws {
        let key = JWK(try PrivateKey.generateRSA(bits: 1024).publicKey, keyID: nil, algorithm: nil)
        #expect(SignatureAlgorithm.all.allSatisfy { !key.allows($0) })
    }

    @Test("A key is read as it was written, with the same thumbprint")
    func whatIsWrittenReadsBackWithItsThumbprint() throws {
        for key in [try PrivateKey.generateRSA(bits: 2048), try .generate(on: .p521), try .generateEd25519()] {
            let jwk = JWK(try key.publicKey, keyID: "a", algorithm: nil)
            var writer = JSONWriter()
            jwk.write(to: &writer)
            let again = try Self.read(String(decoding: writer.bytes, as: UTF8.self))
            #expect(try again.thumbprint() == jwk.thumbprint())
            #expect(again.keyID == "a")
        }
    }
}
