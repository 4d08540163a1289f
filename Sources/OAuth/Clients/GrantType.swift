package import AccessToken

/// The grant types that a client may be allowed, with the names of RFC 7591 section 2.
public enum GrantType: String, Sendable, Hashable, CaseIterable {
    /// RFC 6749 section 4.4
    case clientCredentials = "client_credentials"
    /// RFC 6749 section 6
    case refreshToken = "refresh_token"

    /// - Throws: for any other name.
    package init(parsing text: String) throws(InvalidValue) {
        guard let grantType = GrantType(rawValue: text) else {
            throw InvalidValue("is neither client_credentials nor refresh_token")
        }
        self = grantType
    }
}
