package import JOSE
package import Libcrypto

/// Makes the DPoP proofs of a client with one key, RFC 9449 section 4.2.
package struct DPoPProofSigner: Sendable {
    /// The RFC 7638 thumbprint of the key, in base64url: the confirmation `jkt` of tokens that are bound to it.
    package let thumbprint: String
    /// `alg`
    package let algorithm: SignatureAlgorithm

    private let key: PrivateKey
    /// The JOSE header of each proof, in base64url.
    private let encodedHeader: [UInt8]

    /// - Parameter algorithm: `nil` for the first that the key can be used with; RS256 for RSA.
    /// - Throws: ``InvalidValue`` if the key cannot be used with the algorithm, and the errors of libcrypto.
    package init(_ key: PrivateKey, algorithm: SignatureAlgorithm? = nil) throws {
        let candidates = algorithm.map { [$0] } ?? SignatureAlgorithm.all
        guard let algorithm = candidates.first(where: { $0.accepts(key.type) }) else {
            throw InvalidValue("cannot be used with the algorithm")
        }
        let jwk = JWK(try key.publicKey, keyID: nil, algorithm: nil)
        thumbprint = try jwk.thumbprint()
        self.algorithm = algorithm
        self.key = key
        var header = JSONWriter()
        header.object { object in
            object.member("typ", DPoPProof.type)
            object.member("alg", algorithm.name)
            object.name("jwk")
            object.object { jwk.writeRequiredMembers(to: &$0) }
        }
        var encoded: [UInt8] = []
        Base64URL.append(header.bytes.span, to: &encoded)
        encodedHeader = encoded
    }

    /// Makes a proof for one request.
    ///
    /// - Parameters:
    ///   - method: of the request.
    ///   - target: the URL of the request.
    ///   - accessToken: the token that the request has; `nil` at the token endpoint.
    ///   - nonce: the last one that the server gave; `nil` if it gave none.
    package func proof(
        method: String, target: TargetURI, accessToken: String? = nil, nonce: String? = nil, now: NumericDate
    ) throws -> String {
        // Section 4.2: at least 96 bits of chance.
        let tokenID = Base64URL.encode(try RandomBytes.make(16))
        let digest = try accessToken.map { try DPoPProof.digest(of: $0) }
        var claims = JSONWriter()
        claims.object { object in
            object.member("jti", tokenID)
            object.member("htm", method)
            object.member("htu", target.description)
            object.member("iat", now.seconds)
            if let digest { object.member("ath", digest) }
            if let nonce { object.member("nonce", nonce) }
        }
        let input = JWSSigningInput(encodedHeader: encodedHeader, payload: claims.bytes)
        let signature = try SigningContext(key: key, scheme: algorithm.scheme).sign(input.octets.span)
        return input.compactText(with: signature)
    }
}
