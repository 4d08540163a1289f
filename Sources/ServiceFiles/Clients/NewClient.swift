package import AccessToken
package import JOSE
package import OAuth

/// A client to be written to `clients.yaml`.
package struct NewClient: Sendable {
    /// `client_id`
    package let id: ClientID
    /// `client_name`
    package let name: String?
    /// The credential that the client authenticates with.
    package let credential: Credential
    /// `grant_types`; omitted from the file if it is the default.
    package let grantTypes: [GrantType]
    /// `scope`; omitted from the file if it is empty.
    package let scope: Scope
    /// `resources`; omitted from the file if there are none.
    package let resources: [Audience]
    /// `audiences`; omitted from the file if there are none.
    package let audiences: [Audience]
    /// `dpop_bound_access_tokens`: whether its token requests need a DPoP proof; omitted from the file if `false`.
    package let requiresProof: Bool
    /// `tls_client_certificate_bound_access_tokens`; omitted from the file if `false`.
    package let bindsAccessTokens: Bool
    /// `introspect`: whether the client may introspect all tokens; omitted from the file if `false`.
    package let mayIntrospect: Bool
    /// `access_token_lifetime`; omitted from the file if it is that of the service.
    package let accessTokenLifetime: Duration?
    /// `requests_per_minute`; omitted from the file if there is no limit.
    package let requestsPerMinute: Int?

    /// A client has exactly one of these credentials.
    package enum Credential: Sendable {
        /// `client_secrets`: one entry that does not expire. The secret itself is never written to the file.
        case secret(ClientSecretHash)
        /// `jwks`, for `private_key_jwt`.
        case keys(JWKSet)
        /// `jwks_uri` with its `ca_file`, for `private_key_jwt`.
        case keysURL(String, caFile: String? = nil)
        /// `identities`
        case identities([ClientIdentity])
        /// For `tls_client_auth`.
        case certificateSubject(CertificateSubject)
        /// `jwks` with `x5c`, for `self_signed_tls_client_auth`.
        case certificate(ClientCertificateFile)
    }

    /// Describes a client; nothing is written to a file.
    package init(
        id: ClientID, name: String? = nil, credential: Credential,
        grantTypes: [GrantType] = [.clientCredentials], scope: Scope, resources: [Audience] = [],
        audiences: [Audience] = [], requiresProof: Bool = false, bindsAccessTokens: Bool = false,
        mayIntrospect: Bool = false, accessTokenLifetime: Duration? = nil,
        requestsPerMinute: Int? = nil
    ) {
        self.requestsPerMinute = requestsPerMinute
        self.accessTokenLifetime = accessTokenLifetime
        self.bindsAccessTokens = bindsAccessTokens
        self.id = id
        self.name = name
        self.credential = credential
        self.grantTypes = grantTypes
        self.scope = scope
        self.resources = resources
        self.audiences = audiences
        self.requiresProof = requiresProof
        self.mayIntrospect = mayIntrospect
    }

    /// The lines of its entry, without the leading dash and indentation.
    var yamlLines: [String] {
        var lines = ["client_id: \(YAMLScalar.write(id.description))"]
        if let name { lines.append("client_name: \(YAMLScalar.write(name))") }
        lines += credential.members.flatMap(\.lines)
        if bindsAccessTokens { lines.append("tls_client_certificate_bound_access_tokens: true") }
        if grantTypes != [.clientCredentials] {
            lines.append("grant_types: [\(grantTypes.map { YAMLScalar.write($0.rawValue) }.joined(separator: ", "))]")
        }
        if !scope.tokens.isEmpty { lines.append("scope: \(YAMLScalar.write(scope.description))") }
        lines += MemberText(list: "resources", resources).lines + MemberText(list: "audiences", audiences).lines
        if let accessTokenLifetime {
            lines.append("access_token_lifetime: \(DurationText.format(accessTokenLifetime))")
        }
        if let requestsPerMinute { lines.append("requests_per_minute: \(requestsPerMinute)") }
        if requiresProof { lines.append("dpop_bound_access_tokens: true") }
        if mayIntrospect { lines.append("introspect: true") }
        return lines
    }
}

extension MemberText {
    /// A list with a line for each audience; without any it is left out.
    init(list name: String, _ audiences: [Audience]) {
        self.init(name: name, value: nil, below: audiences.map { "- \(YAMLScalar.write($0.description))" })
    }
}

extension NewClient.Credential {
    /// The members of the entry, in their order.
    var members: [MemberText] {
        switch self {
        case .secret(let hash): [MemberText(name: "client_secrets", value: nil, below: ["- hash: \"\(hash)\""])]
        // JSON is YAML.
        case .keys(let keys):
            [
                MemberText(name: "jwks", value: String(decoding: keys.json(), as: UTF8.self)),
                Self.method(.privateKeyJWT),
            ]
        case .keysURL(let url, let caFile):
            [MemberText(name: "jwks_uri", value: YAMLScalar.write(url))]
                + (caFile.map { [MemberText(name: "ca_file", value: YAMLScalar.write($0))] } ?? [])
                + [Self.method(.privateKeyJWT)]
        case .identities(let identities):
            [MemberText(name: "identities", value: nil, below: identities.flatMap(Self.lines(of:)))]
        case .certificateSubject(let subject):
            [
                Self.method(.tlsClientAuth),
                MemberText(name: subject.form.rawValue, value: YAMLScalar.write(subject.text)),
            ]
        case .certificate(let file):
            [Self.method(.selfSignedTLSClientAuth), MemberText(name: "jwks", value: file.keySet)]
        }
    }

    private static func lines(of identity: ClientIdentity) -> [String] {
        var lines = ["- issuer: \(YAMLScalar.write(identity.issuer))"]
        if let subject = identity.subject { lines.append("  subject: \(YAMLScalar.write(subject))") }
        guard !identity.claims.isEmpty else { return lines }
        lines.append("  claims:")
        return lines
            + identity.claims.map { claim in
                // JSON is YAML, and a text in quotation marks stays one.
                let values = claim.accepted.count == 1 ? claim.accepted[0] : .array(claim.accepted)
                return "    \(YAMLScalar.write(claim.path.description)): \(values.jsonText)"
            }
    }

    private static func method(_ method: TokenEndpointAuthenticationMethod) -> MemberText {
        MemberText(name: "token_endpoint_auth_method", value: method.rawValue)
    }
}
