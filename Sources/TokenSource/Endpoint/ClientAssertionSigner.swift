import AccessToken
package import JOSE
package import Libcrypto

/// Signs the assertions of a client that authenticates with its own key, RFC 7523 section 2.2.
package struct ClientAssertionSigner: Sendable {
    /// `client_assertion_type`, RFC 7523 section 2.2
    static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// From `iat` to `exp`; an assertion is made for one request.
    private static let lifetime: Duration = .seconds(60)

    private let key: PrivateKey
    private let scheme: SignatureScheme
    /// The JOSE header of each assertion, in base64url.
    private let encodedHeader: [UInt8]

    /// - Parameters:
    ///   - algorithm: `nil` for the first that the key can be used with; RS256 for RSA.
    ///   - keyID: `nil` for the RFC 7638 thumbprint.
    /// - Throws: ``InvalidValue`` if the key cannot be used with the algorithm, and the errors of libcrypto.
    package init(_ key: PrivateKey, algorithm: SignatureAlgorithm? = nil, keyID: String? = nil) throws {
        let candidates = algorithm.map { [$0] } ?? SignatureAlgorithm.offered
        guard let algorithm = candidates.first(where: { $0.accepts(key.type) }) else {
            throw InvalidValue("cannot be used with the algorithm")
        }
        let keyID = try keyID ?? JWK(key.publicKey, keyID: nil, algorithm: nil).thumbprint()
        self.key = key
        scheme = algorithm.scheme
        encodedHeader = JOSEHeader.encoded(algorithm, type: "client-authentication+jwt", keyID: keyID)
    }

    /// Makes an assertion for one request.
    ///
    /// - Parameter audience: the issuer that the assertion is for.
    func assertion(for clientID: ClientID, audience: String, now: NumericDate) throws -> String {
        // RFC 7519 section 4.1.7: 128 random bits.
        let tokenID = Base64URL.encode(try RandomBytes.make(16))
        var claims = JSONWriter()
        claims.object { object in
            object.member("iss", clientID.description)
            object.member("sub", clientID.description)
            object.member("aud", audience)
            object.member("exp", (now + Self.lifetime).seconds)
            object.member("iat", now.seconds)
            object.member("jti", tokenID)
        }
        let input = JWSSigningInput(encodedHeader: encodedHeader, payload: claims.bytes)
        let signature = try SigningContext(key: key, scheme: scheme).sign(input.octets.span)
        return input.compactText(with: signature)
    }
}
