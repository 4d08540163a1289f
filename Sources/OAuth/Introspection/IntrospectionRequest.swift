/// A well-formed introspection request, RFC 7662 section 2.1. The client is not authenticated yet.
package struct IntrospectionRequest: Sendable {
    /// RFC 9701 section 4
    package static let jwtMediaType = "application/token-introspection+jwt"

    private let content: RequestAboutToken
    /// Whether the client prefers a signed answer, RFC 9701 section 4.
    let wantsJWT: Bool

    /// - Parameter observe: is called with the clients that the request may come from.
    /// - Throws: the refusals that do not depend on registered clients: `invalid_request`, or `invalid_client` if
    ///   credentials are missing or cannot be parsed.
    package init(
        parsing request: EndpointRequest, observe: (RequestProgress) -> Void = { _ in }
    ) throws(TokenRefusal) {
        content = try RequestAboutToken(parsing: request, observe: observe)
        wantsJWT = AcceptedMediaTypes(request.fields.accept).prefer(Self.jwtMediaType, to: "application/json")
    }

    /// `token`
    var token: String { content.token }
    /// The credentials of the client that the request claims to come from.
    package var credentials: PresentedCredentials { content.credentials }
}
