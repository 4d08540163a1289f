package import AccessToken
package import JOSE
package import Libcrypto

/// What a client needs to authenticate with its own key, RFC 7523 section 2.2.
package struct ClientAssertionSigner: Sendable {
    /// `client_assertion_type`
    package static let assertionType = ClientAssertion.type
    /// From `iat` to `exp`; an assertion is made for one request.
    private static let lifetime: Duration = .seconds(60)

    private let key: SigningKey

    /// - Parameters:
    ///   - algorithm: nil takes what goes with the key; RS256 for RSA.
    ///   - keyID: nil takes the RFC 7638 thumbprint.
    /// - Throws: ``InvalidValue`` where the key does not go with the algorithm, and what libcrypto throws.
    package init(_ key: PrivateKey, algorithm: SignatureAlgorithm? = nil, keyID: String? = nil) throws {
        let candidates = algorithm.map { [$0] } ?? SignatureAlgorithm.offered
        guard let algorithm = candidates.first(where: { $0.accepts(key.type) }) else {
            throw InvalidValue("does not go with the algorithm")
        }
        let keyID = try keyID ?? JWK(key.publicKey, keyID: nil, algorithm: nil).thumbprint()
        self.key = try SigningKey(key, keyID: keyID, algorithm: algorithm)
    }

    /// An assertion for one request.
    ///
    /// - Parameter audience: the issuer that it is for.
    package func assertion(for clientID: ClientID, audience: String, now: NumericDate) throws -> String {
        let tokenID = try TokenID()
        var claims = JSONWriter()
        claims.object { object in
            object.member("iss", clientID.description)
            object.member("sub", clientID.description)
            object.member("aud", audience)
            object.member("exp", (now + Self.lifetime).seconds)
            object.member("iat", now.seconds)
            object.member("jti", tokenID.description)
        }
        let input = JWSSigningInput(
            encodedHeader: key.encodedHeader(type: "client-authentication+jwt"), payload: claims.bytes)
        let signature = try SigningContext(key: key.key, scheme: key.scheme).sign(input.octets.span)
        return input.compactText(with: signature)
    }
}
