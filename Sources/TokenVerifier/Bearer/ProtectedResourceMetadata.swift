public import AccessToken
public import JOSE
import WireText

/// What a resource server publishes about itself, RFC 9728: clients learn from it which issuer to ask for a token.
///
/// Serve ``json`` with the media type `application/json` at ``path``, without asking for a token.
public struct ProtectedResourceMetadata: Sendable {
    /// `resource`: the identifier of the resource server, an https URL without query and fragment. http is allowed on a
    /// loopback host, for experiments. It should be the audience that tokens must name.
    public let resource: String
    /// The path at which clients look for the document, RFC 9728 section 3.1:
    /// `/.well-known/oauth-protected-resource` and the path of the identifier.
    public let path: String
    /// The URL of the document: `resource_metadata` of challenges.
    public let url: String
    /// `authorization_servers`: the issuers whose tokens are accepted.
    public var authorizationServers: [Issuer]
    /// `scopes_supported`, in the order in which clients see them; left out if it is empty. MCP clients ask for all of
    /// them if a challenge names no scope.
    public var scopesSupported: [String] = []
    /// `dpop_signing_alg_values_supported`: the signature algorithms of DPoP proofs that are accepted (RFC 9449); left out if it
    /// is empty.
    public var proofAlgorithms: [SignatureAlgorithm] = []
    /// `dpop_bound_access_tokens_required`: whether each token must be bound to a DPoP key; left out if it is `false`.
    public var requiresDPoP = false
    /// `tls_client_certificate_bound_access_tokens`: whether tokens that are bound to a client certificate (RFC 8705) are
    /// accepted; left out if it is `false`.
    public var acceptsCertificateBoundTokens = false
    /// `resource_name`: a name for people.
    public var resourceName: String?
    /// `resource_documentation`: the URL of a page for developers.
    public var resourceDocumentation: String?
    /// `resource_policy_uri`: the URL of a page on what clients may do with the data.
    public var resourcePolicyURI: String?
    /// `resource_tos_uri`: the URL of the terms of service.
    public var resourceTermsOfServiceURI: String?

    /// - Throws: if RFC 9728 section 1.2 does not allow the identifier, or if it has a query.
    public init(resource: String, authorizationServers: [Issuer]) throws(InvalidValue) {
        let uri = try AbsoluteURI(resource)
        guard uri.query == nil else { throw InvalidValue("has a query, which RFC 9728 section 1.2 advises against") }
        guard !uri.hasFragment else { throw InvalidValue("has a fragment; RFC 9728 section 1.2 allows none") }
        let origin = try HTTPOrigin(of: uri)
        guard origin.isSecure || origin.isLoopback else {
            throw InvalidValue("is not https (http is allowed on a loopback host only)")
        }
        self.resource = resource
        self.authorizationServers = authorizationServers
        // RFC 9728 section 3.1: a single slash behind the host is removed.
        path = "/.well-known/oauth-protected-resource" + (Octets(uri.path).isSame(as: "/") ? "" : uri.path)
        url = "\(uri.scheme)://\(uri.authority ?? origin.host)\(path)"
    }

    /// The document, RFC 9728 section 2. Tokens are accepted in the `Authorization` field only.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { document in
            document.member("resource", resource)
            // Section 3.2: an empty parameter is left out.
            if !authorizationServers.isEmpty {
                document.member("authorization_servers", authorizationServers.map(\.description))
            }
            if !scopesSupported.isEmpty { document.member("scopes_supported", scopesSupported) }
            document.member("bearer_methods_supported", ["header"])
            if !proofAlgorithms.isEmpty {
                document.member("dpop_signing_alg_values_supported", proofAlgorithms.map(\.name))
            }
            if requiresDPoP { document.member("dpop_bound_access_tokens_required", true) }
            if acceptsCertificateBoundTokens { document.member("tls_client_certificate_bound_access_tokens", true) }
            for (name, value) in [
                ("resource_name", resourceName), ("resource_documentation", resourceDocumentation),
                ("resource_policy_uri", resourcePolicyURI), ("resource_tos_uri", resourceTermsOfServiceURI),
            ] {
                if let value { document.member(name, value) }
            }
        }
        return writer.bytes
    }
}
