import WireText

/// What requests for introspection (RFC 7662 section 2.1) and for revocation (RFC 7009 section 2.1) have in common. The client is
/// not authenticated yet.
package struct RequestAboutToken: Sendable {
    /// `token`. `token_type_hint` is ignored: access and refresh tokens have distinct formats.
    let token: String
    /// The credentials of the client that the request claims to come from.
    package let credentials: PresentedCredentials

    /// - Parameter observe: is called with the clients that the request may come from.
    /// - Throws: the refusals that do not depend on registered clients: `invalid_request`, or `invalid_client` if
    ///   credentials are missing or cannot be parsed.
    package init(
        parsing request: EndpointRequest, observe: (RequestProgress) -> Void = { _ in }
    ) throws(TokenRefusal) {
        let parameters = try FormParameters(of: request)
        do throws(TokenRefusal) {
            guard let token = parameters["token"] else { throw TokenRefusal(.missingToken) }
            // Tokens in files often have a line end.
            self.token = Octets(token).withoutLineEnds.text
            credentials = try PresentedCredentials(request, parameters)
        } catch {
            observe(.identified(PresentedCredentials.claimedClients(request, parameters), nil))
            throw error
        }
        observe(.identified(credentials.clientIDs, nil))
    }
}
