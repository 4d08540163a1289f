/// A method of client authentication, with the names of RFC 7591 section 2.
public enum TokenEndpointAuthenticationMethod: String, Sendable, Hashable, CaseIterable {
    case clientSecretBasic = "client_secret_basic"
    /// RFC 6749 section 2.3.1: in the body.
    case clientSecretPost = "client_secret_post"
    /// RFC 7523 section 2.2: a JWT of the client's own, or of the platform that it runs on.
    case privateKeyJWT = "private_key_jwt"
    /// draft-ietf-oauth-spiffe-client-auth section 3.1: a JWT-SVID.
    case spiffeJWT = "spiffe_jwt"
    /// RFC 8705 section 2.1: a certificate of an authority.
    case tlsClientAuth = "tls_client_auth"
    /// RFC 8705 section 2.2: a certificate of the client's own making.
    case selfSignedTLSClientAuth = "self_signed_tls_client_auth"

    /// Whether the certificate of the connection is the credential.
    package var usesCertificate: Bool { self == .tlsClientAuth || self == .selfSignedTLSClientAuth }
}
