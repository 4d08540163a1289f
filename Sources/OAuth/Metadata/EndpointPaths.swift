package import AccessToken

/// The request paths of the endpoints. If the issuer has a path, they are below it.
package struct EndpointPaths: Sendable {
    /// The token endpoint.
    package let token: String
    /// The introspection endpoint.
    package let introspection: String
    /// The JWK Set.
    package let keySet: String

    /// - Parameter token: `token_path` of the configuration; `nil` for the default.
    package init(issuer: Issuer, token: String? = nil) {
        self.token = token ?? issuer.path + "/oauth2/token"
        introspection = issuer.path + "/oauth2/introspect"
        keySet = issuer.path + "/.well-known/jwks.json"
    }
}
