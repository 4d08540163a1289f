import Foundation
import JOSE
import Libcrypto
import TestSupport
import Testing

@Suite struct JWSVectorTests {
    /// One published example.
    struct Vector {
        let algorithm: SignatureAlgorithm
        let isDeterministic: Bool
        let jwk: JWK
        let privateKey: PrivateKey?
        let header: String
        let payload: String
        let jws: String

        init(_ name: String) throws {
            let object = try #require(try JSONReader.read(TestVectors.octets(name)).object)
            algorithm = try #require(SignatureAlgorithm(name: object["algorithm"]?.string ?? ""))
            isDeterministic = object["deterministic"] == .bool(true)
            jwk = try JWK(reading: #require((object["public_key"] ?? object["key"])?.object))
            privateKey = try object["private_key_pem"]?.string.map { pem in
                let octets = Array(pem.utf8)
                return try PrivateKey(pem: SecretBytes(copying: octets.span))
            }
            header = try #require(object["header"]?.string)
            payload = try #require(object["payload"]?.string)
            jws = try #require(object["jws"]?.string)
        }
    }

    static let names = [
        "rfc7515-a2.json", "rfc7515-a3.json", "rfc7515-a4.json", "rfc7520-4.1.json",
        "rfc7520-4.2.json", "rfc7520-4.3.json", "rfc8037-a4.json",
    ]

    @Test("A published JWS verifies with its key", arguments: names)
    func verifies(name: String) throws {
        let vector = try Vector(name)
        let verified = try CompactJWS(parsing: vector.jws).verified(by: JWKSet([vector.jwk]))
        #expect(verified.payload == Array(vector.payload.utf8))
        #expect(verified.header.algorithm == vector.algorithm)
    }

    @Test("A published JWS is invalid after one bit of its payload or signature is flipped", arguments: names)
    func noticesAFlippedBit(name: String) throws {
        let vector = try Vector(name)
        let parts = vector.jws.split(separator: ".").map(String.init)
        for part in 1...2 {
            var octets = try #require(Base64URL.decode(parts[part]))
            octets[octets.count / 2] ^= 1
            var changed = parts
            changed[part] = Base64URL.encode(octets)
            let jws = try CompactJWS(parsing: changed.joined(separator: "."))
            #expect(throws: JWSError.invalidSignature) { try jws.verified(by: JWKSet([vector.jwk])) }
        }
    }

    @Test(
        "A published key makes a valid signature, and the published one if its algorithm is deterministic",
        arguments: names)
    func signsTheSame(name: String) throws {
        let vector = try Vector(name)
        guard let privateKey = vector.privateKey else { return }
        let input = JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(Array(vector.header.utf8)).utf8), payload: Array(vector.payload.utf8))
        let signature = try SigningContext(key: privateKey, scheme: vector.algorithm.scheme).sign(input.octets.span)
        let jws = String(decoding: input.compact(with: signature), as: UTF8.self)
        if vector.isDeterministic { #expect(jws == vector.jws) }
        _ = try CompactJWS(parsing: jws).verified(by: JWKSet([vector.jwk]))
    }

    @Test("A JWS with a MAC is rejected, and so is its key", arguments: ["rfc7515-a1.json", "rfc7520-4.4.json"])
    func refusesCode(name: String) throws {
        let object = try #require(try JSONReader.read(TestVectors.octets(name)).object)
        let key = try #require(object["key"]?.object)
        let jws = try #require(object["jws"]?.string)
        #expect(throws: JWKError.notUnderstood(.symmetric)) { try JWK(reading: key) }
        #expect(throws: JWSError.unknownAlgorithm) { try CompactJWS(parsing: jws) }
    }

    /// The key is that of RFC 7517 appendix A.1.
    @Test("RFC 7638 section 3.2: an elliptic curve key has the thumbprint that joserfc computes")
    func thumbprintOfAnEllipticCurveKey() throws {
        let text = """
            {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",\
            "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}
            """
        let object = try #require(try JSONReader.read(Array(text.utf8)).object)
        #expect(try JWK(reading: object).thumbprint() == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s")
    }

    @Test("RFC 7638 section 3.1: the RSA key of the example has the published thumbprint")
    func thumbprintIsThatOfRFC7638() throws {
        let object = try #require(try JSONReader.read(TestVectors.octets("rfc7638-3.1.json")).object)
        let jwk = try JWK(reading: #require(object["jwk"]?.object))
        #expect(try jwk.thumbprint() == object["thumbprint"]?.string)
    }

    @Test("RFC 8037 appendix A.3: the Ed25519 key of the example has the published thumbprint")
    func thumbprintIsThatOfRFC8037() throws {
        let object = try #require(try JSONReader.read(TestVectors.octets("rfc8037-a.json")).object)
        let jwk = try JWK(reading: #require(object["public_jwk"]?.object))
        #expect(try jwk.thumbprint() == object["thumbprint"]?.string)
    }
}
