import AccessToken
import JOSE
import Libcrypto
import TestSupport
import Testing
import WireText

@Suite("DPoPProof") struct DPoPProofTests {
    private static let now = NumericDate(1_795_000_000)
    private static let token = "an.access.token"
    private static let claims =
        #"{"jti":"1","htm":"GET","htu":"https://api.example/orders","iat":1795000000,"ath":"DIGEST","nonce":"n"}"#

    private let key: PrivateKey
    private let jwk: String

    init() throws {
        key = try .generate(on: .p256)
        jwk = try Self.text(JWK(key.publicKey, keyID: nil, algorithm: nil))
    }

    @Test("The proofs of RFC 9449 are accepted at their requests and at no others")
    func vectors() throws {
        struct Vector: Decodable {
            struct Request: Decodable {
                let proof: String
                let htm: String
                let htu: String
                let iat: Int64
                let jti: String
                let access_token: String?
            }
            let thumbprint: String
            let token_request: Request
            let resource_request: Request
        }
        let vector = try TestVectors.decode(Vector.self, "rfc9449.json")
        for request in [vector.token_request, vector.resource_request] {
            let target = try TargetURI(request.htu)
            let proof = try DPoPProof(
                fields: [request.proof], method: request.htm, target: target, accessToken: request.access_token,
                now: NumericDate(request.iat))
            #expect(proof.thumbprint == vector.thumbprint)
            #expect(proof.tokenID == request.jti)
            #expect(proof.issuedAt == NumericDate(request.iat))
            #expect(proof.nonce == nil)
            #expect(throws: DPoPProofError.wrongToken) {
                try DPoPProof(
                    fields: [request.proof], method: request.htm, target: target, accessToken: "another",
                    now: NumericDate(request.iat))
            }
        }
    }

    @Test("A proof is read with everything that the server checks besides")
    func takesAGoodProof() throws {
        let proof = try verify(proof())
        #expect(try proof.thumbprint == JWK(key.publicKey, keyID: nil, algorithm: nil).thumbprint())
        #expect(proof.tokenID == "1")
        #expect(proof.nonce == "n")
        #expect(proof.expiresAt == NumericDate(1_795_000_061))
    }

    @Test("Number 1: a request has exactly one proof")
    func refusesAnotherNumberOfFields() throws {
        let proof = try proof()
        #expect(throws: DPoPProofError.missing) { try verify(fields: []) }
        #expect(throws: DPoPProofError.several) { try verify(fields: [proof, proof]) }
        #expect(throws: DPoPProofError.malformed) { try verify(fields: ["\(proof), \(proof)"]) }
    }

    @Test(
        "Number 2: what is no JWT is refused",
        arguments: ["", "a", "a.b.c", "..", "\u{212A}", String(repeating: "a", count: 4097)])
    func refusesOtherTexts(text: String) {
        #expect(throws: DPoPProofError.malformed) { try verify(text) }
    }

    struct Change: Sendable {
        let of: String
        let to: String
        let error: DPoPProofError

        init(_ of: String, _ to: String, _ error: DPoPProofError) { (self.of, self.to, self.error) = (of, to, error) }
    }

    @Test(
        "Numbers 3, 8, 9, 11 and 12: a claim that is missing, of another type or wrong is refused",
        arguments: [
            Change(#""jti":"1","#, "", .missingClaim("jti")), Change(#""jti":"1""#, #""jti":1"#, .missingClaim("jti")),
            Change(#""jti":"1""#, #""jti":"""#, .missingClaim("jti")),
            Change(#""jti":"1""#, #""jti":"\#(String(repeating: "j", count: 257))""#, .missingClaim("jti")),
            Change(#""htm":"GET","#, "", .missingClaim("htm")), Change(#""GET""#, #""get""#, .wrongMethod),
            Change(#""GET""#, #""POST""#, .wrongMethod), Change(#""GET""#, #"["GET"]"#, .missingClaim("htm")),
            Change(#""htu":"https://api.example/orders","#, "", .missingClaim("htu")),
            Change("https://api.example/orders", "https://api.example/Orders", .wrongTarget),
            Change("https://api.example/orders", "https://api.example/orders/", .wrongTarget),
            Change("https://api.example/orders", "http://api.example/orders", .wrongTarget),
            Change("https://api.example/orders", "https://api.example:8443/orders", .wrongTarget),
            Change("https://api.example/orders", "https://evil.example/orders", .wrongTarget),
            Change("https://api.example/orders", "https://api.example/orders%2Fx", .wrongTarget),
            Change("https://api.example/orders", "/orders", .wrongTarget),
            Change(#""iat":1795000000,"#, "", .missingClaim("iat")),
            Change("1795000000", #""1795000000""#, .missingClaim("iat")),
            Change("1795000000", "1e300", .missingClaim("iat")),
            Change("1795000000", "1794999939", .tooOld), Change("1795000000", "-9223372036854775808", .tooOld),
            Change("1795000000", "1795000061", .tooNew), Change("1795000000", "9223372036854775807", .tooNew),
            Change(#","ath":"DIGEST""#, "", .wrongToken), Change("DIGEST", "DIGES", .wrongToken),
            Change(#""ath":"DIGEST""#, #""ath":1"#, .wrongToken),
            Change(#""nonce":"n""#, #""nonce":1"#, .missingClaim("nonce")),
            Change(#"{"jti":"1""#, #"{"jti":"1","jti":"1""#, .malformed), Change("}", "", .malformed),
        ])
    func refusesClaims(_ change: Change) throws {
        let proof = try proof(claims: Self.claims.replacing(change.of, with: change.to))
        #expect(throws: change.error) { try verify(proof) }
    }

    @Test(
        "Claims in other valid forms are accepted",
        arguments: [
            ("1795000000", "1794999940"), ("1795000000", "1795000060"), ("1795000000", "1795000000.5"),
            (#","nonce":"n""#, ""), ("/orders", "/orders?x=1#y"), ("https://api.example", "HTTPS://API.example:443"),
            (#""jti":"1""#, #""jti":"1","more":{}"#),
        ])
    func takesClaims(of: String, to: String) throws {
        _ = try verify(proof(claims: Self.claims.replacing(of, with: to)))
    }

    @Test("At a token endpoint the request has no access token, and ath says nothing", arguments: ["", #","ath":"x""#])
    func takesNoToken(ath: String) throws {
        let claims = Self.claims.replacing(#","ath":"DIGEST""#, with: ath)
        _ = try DPoPProof(
            fields: [proof(claims: claims)], method: "GET", target: TargetURI("https://api.example/orders"),
            accessToken: nil, now: Self.now)
    }

    @Test(
        "Numbers 4 and 5: the type is dpop+jwt, and the algorithm an asymmetric one",
        arguments: [
            Change("dpop+jwt", "JWT", .wrongType), Change("dpop+jwt", "at+jwt", .wrongType),
            Change(#""typ":"dpop+jwt","#, "", .wrongType), Change("ES256", "none", .algorithm),
            Change("ES256", "HS256", .algorithm), Change("ES256", "ES256K", .algorithm),
            Change("ES256", "ES384", .key(nil)), Change("ES256", "RS256", .key(nil)),
            Change(#""alg""#, #""crit":["x"],"alg""#, .malformed),
        ])
    func refusesHeaders(_ change: Change) throws {
        let header = #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(jwk)}"#.replacing(change.of, with: change.to)
        #expect(throws: change.error) { try verify(proof(header: header)) }
    }

    @Test("Number 5: an algorithm that the server does not accept is refused")
    func refusesOtherAlgorithms() throws {
        let proof = try proof()
        #expect(throws: DPoPProofError.algorithm) { try verify(fields: [proof], algorithms: [.rs256, .edDSA]) }
        _ = try verify(fields: [proof], algorithms: [.es256])
    }

    @Test("Numbers 6 and 7: jwk is one public key that can make signatures which prove something")
    func refusesKeys() throws {
        func verify(jwk: String) throws {
            _ = try self.verify(proof(header: #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(jwk)}"#))
        }
        let privateJWK = jwk.dropLast() + #","d":"AQ"}"#
        #expect(throws: DPoPProofError.key(.invalid(.privateMember))) { try verify(jwk: String(privateJWK)) }
        #expect(throws: DPoPProofError.key(.notUnderstood(.symmetric))) { try verify(jwk: #"{"kty":"oct","k":"AQ"}"#) }
        #expect(throws: DPoPProofError.key(.invalid(.notAnObject))) { try verify(jwk: #""\#(Self.token)""#) }
        #expect(throws: DPoPProofError.key(.notUnderstood(.use))) {
            try verify(jwk: jwk.replacing(#""use":"sig""#, with: #""use":"enc""#))
        }
        #expect(throws: DPoPProofError.key(nil)) {
            _ = try self.verify(proof(header: #"{"typ":"dpop+jwt","alg":"ES256"}"#))
        }
        let small = try Self.text(
            JWK(
                PublicKey(.rsa(modulus: [UInt8](repeating: 0xFF, count: 128), exponent: [1, 0, 1])), keyID: nil,
                algorithm: nil))
        #expect(throws: DPoPProofError.self) {
            _ = try self.verify(proof(header: #"{"typ":"dpop+jwt","alg":"RS256","jwk":\#(small)}"#))
        }
    }

    @Test("Number 6: a signature of another key is refused")
    func refusesAnotherSignature() throws {
        let other = try DPoPProofTests()
        let header = #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(jwk)}"#
        #expect(throws: DPoPProofError.invalidSignature) { try verify(other.proof(header: header)) }
        let parts = try proof().split(separator: ".")
        #expect(throws: DPoPProofError.invalidSignature) { try verify("\(parts[0]).\(parts[1]).") }
    }

    @Test("An algorithm with an RSA and with an Ed25519 key works alike")
    func takesOtherKeys() throws {
        for algorithm in [SignatureAlgorithm.rs256, .ps256, .es384, .edDSA] {
            let key = try algorithm.makeKey()
            let jwk = try Self.text(JWK(key.publicKey, keyID: nil, algorithm: algorithm))
            let header = #"{"typ":"dpop+jwt","alg":"\#(algorithm.name)","jwk":\#(jwk)}"#
            _ = try verify(Self.jws(header, Self.filled(Self.claims), key, algorithm.scheme))
        }
    }

    private static func text(_ jwk: JWK) throws -> String {
        var writer = JSONWriter()
        jwk.write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func filled(_ claims: String) throws -> String {
        claims.replacing("DIGEST", with: try DPoPProof.digest(of: token))
    }

    private static func jws(
        _ header: String, _ payload: String, _ key: PrivateKey, _ scheme: SignatureScheme
    ) throws -> String {
        let input = JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(Array(header.utf8)).utf8), payload: Array(payload.utf8))
        let signature = try SigningContext(key: key, scheme: scheme).sign(input.octets.span)
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }

    private func proof(header: String? = nil, claims: String = claims) throws -> String {
        let header = header ?? #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(jwk)}"#
        return try Self.jws(header, Self.filled(claims), key, .ecdsa(.p256, .sha256))
    }

    private func verify(
        fields: [String], algorithms: [SignatureAlgorithm] = SignatureAlgorithm.all
    ) throws -> DPoPProof {
        try DPoPProof(
            fields: fields, method: "GET", target: TargetURI("https://api.example/orders"), accessToken: Self.token,
            algorithms: algorithms, now: Self.now)
    }

    @discardableResult
    private func verify(_ text: String) throws -> DPoPProof { try verify(fields: [text]) }
}

@Suite("DPoPProofSigner") struct DPoPProofSignerTests {
    @Test("A proof that is made is accepted at its request", arguments: [SignatureAlgorithm.es256, .ps256, .edDSA])
    func makesProofs(algorithm: SignatureAlgorithm) throws {
        let signer = try DPoPProofSigner(algorithm.makeKey(), algorithm: algorithm)
        let target = try TargetURI("https://api.example/a%2db?c")
        let now = NumericDate(1_795_000_000)
        func proof() throws -> String {
            try signer.proof(method: "PUT", target: target, accessToken: "a token", nonce: "n", now: now)
        }
        let text = try proof()
        let proof1 = try DPoPProof(
            fields: [text], method: "PUT", target: target, accessToken: "a token", algorithms: [algorithm], now: now)
        #expect(proof1.thumbprint.isSameText(as: signer.thumbprint))
        #expect(proof1.nonce == "n" && proof1.issuedAt == now)
        let proof2 = try DPoPProof(
            fields: [proof()], method: "PUT", target: target, accessToken: "a token", now: now)
        #expect(!proof1.tokenID.isSameText(as: proof2.tokenID))
        let jws = try CompactJWS(parsing: text)
        #expect(jws.header.members["jwk"]?.object?["d"] == nil)
        #expect(String(decoding: jws.unverifiedPayload, as: UTF8.self).contains(#""htu":"https://api.example/a-b""#))
    }

    @Test("A key that cannot be used with the algorithm is refused")
    func refusesOtherKeys() throws {
        let key = try SignatureAlgorithm.es256.makeKey()
        #expect(throws: InvalidValue.self) { try DPoPProofSigner(key, algorithm: .rs256) }
    }
}
