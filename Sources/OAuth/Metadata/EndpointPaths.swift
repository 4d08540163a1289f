package import AccessToken

/// The request paths of the endpoints. If the issuer has a path, they are below it.
package struct EndpointPaths: Sendable {
    /// The token endpoint.
    package let token: String
    /// The introspection endpoint.
    package let introspection: String
    /// The JWK Set.
    package let keySet: String
    /// The authorization endpoint, which refuses every request; `nil` if there is none.
    package let authorization: String?

    /// - Parameters:
    ///   - token: `token_path` of the configuration; `nil` for the default.
    ///   - refusesAuthorization: `authorization_endpoint` of the configuration: whether there is an authorization
    ///     endpoint.
    package init(issuer: Issuer, token: String? = nil, refusesAuthorization: Bool = false) {
        self.token = token ?? issuer.path + "/oauth2/token"
        introspection = issuer.path + "/oauth2/introspect"
        keySet = issuer.path + "/.well-known/jwks.json"
        authorization = refusesAuthorization ? issuer.path + "/oauth2/authorize" : nil
    }
}
