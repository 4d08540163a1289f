package import AccessToken
package import JOSE

/// A JWT answer to an introspection request, RFC 9701 section 5, before it is signed.
package struct UnsignedIntrospection: Sendable {
    /// The key that must sign: its `alg` and `kid` are in the header.
    package let key: SigningKey
    /// The input of the signature.
    package let signingInput: JWSSigningInput

    /// - Parameter now: becomes `iat`. There is no `exp` and no `sub`, so that no resource server accepts it as an
    ///   access token.
    package init(_ introspection: Introspection, issuer: Issuer, key: SigningKey, now: NumericDate) {
        var payload = JSONWriter(reservingCapacity: introspection.members.count + 256)
        payload.object { claims in
            claims.member("iss", issuer.description)
            claims.member("aud", introspection.client.id.description)
            claims.member("iat", now.seconds)
            claims.name("token_introspection")
            claims.object { $0.members(introspection.members) }
        }
        self.key = key
        signingInput = JWSSigningInput(
            encodedHeader: key.encodedHeader(type: "token-introspection+jwt"), payload: payload.bytes)
    }
}
