public import AccessToken
public import OAuth

/// A client to be written to `clients.yaml`.
public struct NewClient: Sendable {
    /// `client_id`
    public let id: ClientID
    /// `client_name`
    public let name: String?
    /// `client_secrets`: the one entry, without an end.
    public let secretHash: ClientSecretHash
    /// `grant_types`; the default is not written.
    public let grantTypes: [GrantType]
    /// `scope`; not written where it is empty.
    public let scope: Scope
    /// `resources`; not written where there are none.
    public let resources: [Audience]

    /// Takes the hash alone: the secret itself never comes near the file.
    public init(
        id: ClientID, name: String? = nil, secretHash: ClientSecretHash,
        grantTypes: [GrantType] = [.clientCredentials], scope: Scope, resources: [Audience] = []
    ) {
        self.id = id
        self.name = name
        self.secretHash = secretHash
        self.grantTypes = grantTypes
        self.scope = scope
        self.resources = resources
    }

    /// The lines of its entry, without the dash and the indentation in front.
    var yamlLines: [String] {
        var lines = ["client_id: \(YAMLScalar.write(id.description))"]
        if let name { lines.append("client_name: \(YAMLScalar.write(name))") }
        lines.append("client_secrets:")
        lines.append("  - hash: \"\(secretHash)\"")
        if grantTypes != [.clientCredentials] {
            lines.append("grant_types: [\(grantTypes.map(\.rawValue).joined(separator: ", "))]")
        }
        if !scope.tokens.isEmpty { lines.append("scope: \(YAMLScalar.write(scope.description))") }
        if !resources.isEmpty {
            lines.append("resources:")
            lines += resources.map { "  - \(YAMLScalar.write($0.description))" }
        }
        return lines
    }
}
