/// A well-formed token request, RFC 6749 sections 4.4.2 and 6. Who sent it is not yet proven.
package struct TokenRequest: Sendable {
    let grantType: String
    /// nil where the client asks for nothing in particular.
    let scope: String?
    /// RFC 8707 section 2; empty where the client names none.
    let resources: [String]
    /// nil for another grant type than `refresh_token`.
    let refreshToken: String?
    /// `grant_type`; nil for one that nobody may use.
    package var knownGrantType: GrantType? { GrantType(rawValue: grantType) }
    /// Whose request it claims to be.
    package let credentials: PresentedCredentials

    /// - Throws: what can be refused without knowing the clients: `invalid_request`, or `invalid_client` where
    ///   credentials are missing or cannot be read.
    package init(parsing request: EndpointRequest) throws(TokenError) {
        let parameters = try FormParameters(of: request)
        guard let grantType = parameters["grant_type"] else { throw .missingGrantType }
        self.grantType = grantType
        refreshToken = grantType == GrantType.refreshToken.rawValue ? parameters["refresh_token"] : nil
        // RFC 6749 section 6: REQUIRED.
        guard refreshToken != nil || grantType != GrantType.refreshToken.rawValue else { throw .missingRefreshToken }
        scope = parameters["scope"]
        resources = parameters.resources
        credentials = try PresentedCredentials(authorization: request.authorization, parameters: parameters)
    }
}
