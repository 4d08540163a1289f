/// A method of client authentication, with the names of RFC 7591 section 2.
public enum TokenEndpointAuthenticationMethod: String, Sendable, Hashable, CaseIterable {
    case clientSecretBasic = "client_secret_basic"
    /// RFC 6749 section 2.3.1: in the body.
    case clientSecretPost = "client_secret_post"
    /// RFC 7523 section 2.2
    case privateKeyJWT = "private_key_jwt"
}
