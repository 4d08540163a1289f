/// A way for a client to authenticate, with the names of RFC 7591 section 2.
package enum TokenEndpointAuthenticationMethod: String, Sendable, Hashable, CaseIterable {
    case clientSecretBasic = "client_secret_basic"
    case clientSecretPost = "client_secret_post"
    case privateKeyJWT = "private_key_jwt"
}
