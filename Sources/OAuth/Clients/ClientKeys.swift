package import JOSE

/// The keys that a client signs its assertions with, `jwks` or `jwks_uri` of RFC 7591 section 2.
package enum ClientKeys: Sendable {
    /// `jwks`: public keys that stand in the file.
    case fixed(JWKSet)
    /// `jwks_uri`: where they are to be fetched.
    case remote(url: String)
}
