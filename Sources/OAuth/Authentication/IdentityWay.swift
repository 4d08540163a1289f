/// How a request has the token of a platform.
package enum IdentityWay: Sendable, CaseIterable {
    /// As `client_assertion`, RFC 7523 section 2.2.
    case assertion
    /// As `assertion` of the grant, RFC 7523 section 2.1.
    case grant
    /// As `client_assertion`, draft-ietf-oauth-spiffe-client-auth section 3.1.
    case svid

    /// The method that the client must be allowed; `nil` if the grant is what it must be allowed.
    var method: TokenEndpointAuthenticationMethod? {
        switch self {
        case .assertion: .privateKeyJWT
        case .grant: nil
        case .svid: .spiffeJWT
        }
    }

    /// `client_assertion_type`, or `grant_type`.
    package var name: String {
        switch self {
        case .assertion: ClientAssertion.type
        case .grant: GrantType.jwtBearer.rawValue
        case .svid: ClientAssertion.spiffeType
        }
    }

    /// Whether the client may use some grant with such a token, or introspect.
    package func isUseful(to client: Client) -> Bool {
        guard self != .grant else { return client.grantTypes.contains(.jwtBearer) }
        return client.introspection != .none || client.grantTypes.contains { $0 != .jwtBearer }
    }
}
