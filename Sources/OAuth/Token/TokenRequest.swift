public import AccessToken

/// A well-formed token request, RFC 6749 sections 4.4.2 and 6. Who sent it is not yet proven.
public struct TokenRequest: Sendable {
    let grantType: String
    /// nil where the client asks for nothing in particular.
    let scope: String?
    /// RFC 8707 section 2; empty where the client names none.
    let resources: [String]
    /// nil for another grant type than `refresh_token`.
    let refreshToken: String?
    let credentials: ClientCredentials

    /// The client that it claims to be from.
    public var clientID: ClientID { credentials.clientID }

    /// - Throws: what can be refused without knowing the clients: `invalid_request`, or `invalid_client` where
    ///   credentials are missing or cannot be read.
    public init(parsing request: TokenEndpointRequest) throws(TokenError) {
        try Self.checkURL(request.query)
        guard Self.isForm(request.contentType) else { throw .wrongMediaType }
        guard request.body.count <= TokenEndpointRequest.maximumBodySize else { throw .bodyTooLarge }
        let parameters = try FormParameters(parsing: request.body)
        guard let grantType = parameters["grant_type"] else { throw .missingGrantType }
        self.grantType = grantType
        refreshToken = grantType == GrantType.refreshToken.rawValue ? parameters["refresh_token"] : nil
        // RFC 6749 section 6: REQUIRED.
        guard refreshToken != nil || grantType != GrantType.refreshToken.rawValue else { throw .missingRefreshToken }
        scope = parameters["scope"]
        resources = parameters.resources
        credentials = try ClientCredentials(authorization: request.authorization, parameters: parameters)
    }

    /// RFC 6749 section 2.3.1: credentials must not be in the request URI, where logs and proxies keep them.
    private static func checkURL(_ query: [UInt8]?) throws(TokenError) {
        guard let query else { return }
        let credentialNames: Set<String> = [
            "client_id", "client_secret", "client_assertion", "client_assertion_type", "refresh_token", "assertion",
        ]
        for parameter in query.split(separator: UInt8(ascii: "&")) {
            let name = parameter.prefix { $0 != UInt8(ascii: "=") }
            let decoded = FormDecoding.decode(Array(name).span)?.lowercased()
            if let decoded, credentialNames.contains(decoded) { throw .credentialsInURL }
        }
    }

    /// Parameters of the media type, such as a charset, make no difference.
    private static func isForm(_ contentType: String?) -> Bool {
        guard let mediaType = contentType?.prefix(while: { $0 != ";" }) else { return false }
        let blanks: Set<Character> = [" ", "\t"]
        let trimmed = mediaType.drop(while: blanks.contains).reversed().drop(while: blanks.contains).reversed()
        return String(trimmed).lowercased() == "application/x-www-form-urlencoded"
    }
}
