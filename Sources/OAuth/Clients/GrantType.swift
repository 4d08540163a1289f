package import AccessToken

/// The grant types that a client may be allowed, with the names of RFC 7591 section 2.
package enum GrantType: String, Sendable, Hashable, CaseIterable {
    case clientCredentials = "client_credentials"
    case refreshToken = "refresh_token"

    /// - Throws: for a name that is none of these.
    package init(parsing text: String) throws(InvalidValue) {
        guard let grantType = GrantType(rawValue: text) else {
            throw InvalidValue("is neither client_credentials nor refresh_token")
        }
        self = grantType
    }
}
