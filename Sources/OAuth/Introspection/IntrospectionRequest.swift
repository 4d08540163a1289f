/// A well-formed introspection request, RFC 7662 section 2.1. The client is not authenticated yet.
package struct IntrospectionRequest: Sendable {
    /// RFC 9701 section 4
    package static let jwtMediaType = "application/token-introspection+jwt"

    /// `token`. `token_type_hint` is ignored: access and refresh tokens have distinct formats.
    let token: String
    /// Whether the client prefers a signed answer, RFC 9701 section 4.
    let wantsJWT: Bool
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
            self.token = token
            credentials = try PresentedCredentials(request, parameters)
        } catch {
            observe(.identified(PresentedCredentials.claimedClients(request, parameters), nil))
            throw error
        }
        observe(.identified(credentials.clientIDs, nil))
        wantsJWT = AcceptedMediaTypes(request.fields.accept).prefer(Self.jwtMediaType, to: "application/json")
    }
}
