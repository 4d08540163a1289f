package import AccessToken
import WireText

/// The grant types that a client may be allowed, with the names of RFC 7591 section 2.
public enum GrantType: String, Sendable, Hashable, CaseIterable {
    /// RFC 6749 section 4.4
    case clientCredentials = "client_credentials"
    /// RFC 6749 section 6
    case refreshToken = "refresh_token"
    /// RFC 7523 section 2.1: the token of a platform, or an assertion of the client's own.
    case jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

    /// - Returns: `nil` for any other name. Names are compared octet for octet.
    package init?(exactly name: String) {
        guard let grantType = Self.allCases.first(where: { $0.rawValue.isSameText(as: name) }) else { return nil }
        self = grantType
    }

    /// - Throws: for any other name.
    package init(parsing text: String) throws(InvalidValue) {
        guard let grantType = GrantType(exactly: text) else {
            throw InvalidValue(
                "is none of client_credentials, refresh_token and urn:ietf:params:oauth:grant-type:jwt-bearer")
        }
        self = grantType
    }
}
