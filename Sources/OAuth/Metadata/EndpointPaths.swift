package import AccessToken
import WireText

/// The request paths of the endpoints. If the issuer has a path, they are below it.
package struct EndpointPaths: Sendable {
    /// The token endpoint.
    package let token: String
    /// The introspection endpoint.
    package let introspection: String
    /// The JWK Set.
    package let keySet: String
    /// The revocation endpoint, RFC 7009.
    package let revocation: String
    /// The list of all status lists; below it are the lists.
    package let statusLists: String
    /// The authorization endpoint, which refuses every request; `nil` if there is none.
    package let authorization: String?

    /// What else has the path of the token endpoint; `nil` if nothing has.
    package var resourceAtTokenPath: String? {
        let path = Octets(token)
        if path.isSame(as: introspection) { return "introspection endpoint" }
        if path.isSame(as: revocation) { return "revocation endpoint" }
        if let authorization, path.isSame(as: authorization) { return "authorization endpoint" }
        if path.isSame(as: statusLists) || path.begins(with: statusLists + "/") { return "status lists" }
        return nil
    }

    /// - Parameters:
    ///   - token: `token_path` of the configuration; `nil` for the default.
    ///   - refusesAuthorization: `authorization_endpoint` of the configuration: whether there is an authorization
    ///     endpoint.
    package init(issuer: Issuer, token: String? = nil, refusesAuthorization: Bool = false) {
        self.token = token ?? issuer.path + "/oauth2/token"
        introspection = issuer.path + "/oauth2/introspect"
        revocation = issuer.path + "/oauth2/revoke"
        statusLists = issuer.path + "/oauth2/status-lists"
        keySet = issuer.path + "/.well-known/jwks.json"
        authorization = refusesAuthorization ? issuer.path + "/oauth2/authorize" : nil
    }
}
