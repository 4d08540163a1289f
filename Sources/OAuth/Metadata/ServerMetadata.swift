package import AccessToken
package import JOSE

/// The authorization server metadata document, RFC 8414 section 2, and its paths.
package struct ServerMetadata: Sendable {
    /// The JSON object.
    package let json: [UInt8]
    /// Request paths that answer with it.
    package let paths: [String]

    /// URLs in the document are the issuer's origin followed by the paths of `endpoints`.
    ///
    /// - Parameter algorithm: `access_token.algorithm`, with which JWT answers are signed too.
    package init(issuer: Issuer, endpoints: EndpointPaths, algorithm: SignatureAlgorithm) {
        let authenticationMethods = TokenEndpointAuthenticationMethod.allCases.map(\.rawValue)
        let assertionAlgorithms = SignatureAlgorithm.offered.map(\.name)
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.object { metadata in
            metadata.member("issuer", issuer.description)
            metadata.member("token_endpoint", issuer.origin + endpoints.token)
            metadata.member("jwks_uri", issuer.origin + endpoints.keySet)
            metadata.member("grant_types_supported", GrantType.allCases.map(\.rawValue))
            metadata.member("token_endpoint_auth_methods_supported", authenticationMethods)
            metadata.member("token_endpoint_auth_signing_alg_values_supported", assertionAlgorithms)
            metadata.member("introspection_endpoint", issuer.origin + endpoints.introspection)
            metadata.member("introspection_endpoint_auth_methods_supported", authenticationMethods)
            metadata.member("introspection_endpoint_auth_signing_alg_values_supported", assertionAlgorithms)
            // RFC 9701 section 7
            metadata.member("introspection_signing_alg_values_supported", [algorithm.name])
            // RFC 8414 section 2 requires it, section 3.2 forbids the empty array, and there is no authorization
            // endpoint. "none" is registered, means that such an endpoint answers with no token, and passes Authlib's
            // validation.
            metadata.member("response_types_supported", ["none"])
        }
        json = writer.bytes
        paths = Self.paths(issuerPath: issuer.path)
    }

    /// RFC 8414 section 3.1 puts the issuer's path after the well-known one; OpenID Connect Discovery 1.0 section 4.1
    /// puts it in front. Some clients do either with either name.
    private static func paths(issuerPath: String) -> [String] {
        let names = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]
        guard !issuerPath.isEmpty else { return names }
        return names.flatMap { [$0, $0 + issuerPath, issuerPath + $0] }
    }
}
