/// A well-formed introspection request, RFC 7662 section 2.1. Who sent it is not yet proven.
package struct IntrospectionRequest: Sendable {
    /// What is asked about. `token_type_hint` is no more than a hint, and not needed: tokens of either kind are told by
    /// their looks.
    let token: String
    /// Whose request it claims to be.
    package let credentials: PresentedCredentials

    /// - Throws: what can be refused without knowing the clients: `invalid_request`, or `invalid_client` where
    ///   credentials are missing or cannot be read.
    package init(parsing request: EndpointRequest) throws(TokenError) {
        let parameters = try FormParameters(of: request)
        guard let token = parameters["token"] else { throw .missingToken }
        self.token = token
        credentials = try PresentedCredentials(authorization: request.authorization, parameters: parameters)
    }
}
