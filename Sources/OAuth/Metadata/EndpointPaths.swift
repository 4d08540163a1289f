public import AccessToken

/// The request paths of the endpoints. Under an issuer with a path they lie below that path.
public struct EndpointPaths: Sendable {
    /// The token endpoint.
    public let token: String
    /// The introspection endpoint.
    public let introspection: String
    /// The JWK Set.
    public let keySet: String

    /// - Parameter token: `token_path`, where it is configured.
    public init(issuer: Issuer, token: String? = nil) {
        self.token = token ?? issuer.path + "/oauth2/token"
        introspection = issuer.path + "/oauth2/introspect"
        keySet = issuer.path + "/.well-known/jwks.json"
    }
}
