import AccessToken
import JOSE
import OAuth
import SystemPackage

/// The entry of an imported client in a clients file.
struct ImportedEntry {
    /// Without the leading dash and indentation.
    let lines: [String]
    /// What makes the entry unusable.
    let problems: [String]
    /// What is left out of it.
    let losses: [String]
    /// The client as it is read from the entry; `nil` if there is a problem.
    let client: Client?

    init(_ draft: ClientDraft, _ context: ClientsContext?) {
        var losses: [String] = []
        do throws(InvalidValue) { _ = try ClientID(draft.id) } catch {
            (lines, problems, self.losses, client) = ([], ["its identifier \(error)"], [], nil)
            return
        }
        lines = Self.lines(of: draft, &losses)
        let (client, problems) = Self.read(lines, context)
        self.client = client
        self.problems = problems
        self.losses = losses
    }

    /// Reads the entry as the service will.
    private static func read(_ lines: [String], _ context: ClientsContext?) -> (Client?, problems: [String]) {
        let block = lines.enumerated().map { index, line in (index == 0 ? "  - " : "    ") + line }
        do throws(InvalidConfiguration) {
            let yaml = try YAMLText(path: "", text: "clients:\n" + block.joined(separator: "\n") + "\n")
            let entries = try ClientsFile(parsing: yaml, context: context).entries
            let problems = entries.flatMap(\.problems).map(\.message)
            guard entries.count == 1, let client = entries[0].client else {
                return (nil, problems.isEmpty ? ["it cannot be written to a clients file"] : problems)
            }
            return (client, problems)
        } catch {
            return (nil, error.problems.map(\.message))
        }
    }

    private static func lines(of draft: ClientDraft, _ losses: inout [String]) -> [String] {
        var lines = ["client_id: \(YAMLScalar.write(draft.id))"]
        if let name = draft.name { lines.append("client_name: \(YAMLScalar.write(name))") }
        if !draft.secrets.isEmpty { lines.append("client_secrets:") }
        for secret in draft.secrets {
            lines.append("  - hash: \"\(secret.hash)\"")
            if let end = secret.expiresAt { lines.append("    expires_at: \(end.rfc3339)") }
        }
        if let keys = draft.keys { lines.append("jwks: \(keySet(keys, draft.method, &losses))") }
        if let url = draft.keysURL { lines.append("jwks_uri: \(YAMLScalar.write(url))") }
        if let method = draft.method { lines.append("token_endpoint_auth_method: \(method.rawValue)") }
        if let subject = draft.subject {
            lines.append("\(subject.form.rawValue): \(YAMLScalar.write(subject.text))")
        }
        if draft.bindsAccessTokens { lines.append("tls_client_certificate_bound_access_tokens: true") }
        if draft.requiresProof { lines.append("dpop_bound_access_tokens: true") }
        if draft.grantTypes != [.clientCredentials] {
            lines.append(
                "grant_types: [\(draft.grantTypes.map { YAMLScalar.write($0.rawValue) }.joined(separator: ", "))]")
        }
        if !draft.scope.isEmpty { lines.append("scope: \(YAMLScalar.write(draft.scope.joined(separator: " ")))") }
        lines +=
            MemberText(list: "resources", draft.resources).lines
            + MemberText(list: "audiences", draft.audiences).lines
        if let lifetime = draft.lifetime { lines.append("access_token_lifetime: \(DurationText.format(lifetime))") }
        if !draft.claims.members.isEmpty { lines.append("claims: \(JSONValue.object(draft.claims).jsonText)") }
        return lines + shape(draft.shape)
    }

    private static func shape(_ shape: AccessTokenShape) -> [String] {
        guard shape != .standard else { return [] }
        var members = ["typ: \(shape.type.rawValue)"]
        if shape.scope != .string { members.append("scope: \(shape.scope.rawValue)") }
        let claim = YAMLScalar.write(shape.scopeClaim)
        if shape.scopeClaim != AccessTokenShape.standard.scopeClaim { members.append("scope_claim: \(claim)") }
        return ["token_shape: { \(members.joined(separator: ", ")) }"]
    }

    /// A JWK Set in one line. Keys that only verify assertions are written with their public members alone, and without
    /// those that cannot be used; certificates of `self_signed_tls_client_auth` stay as they are.
    private static func keySet(
        _ members: [JSONValue], _ method: TokenEndpointAuthenticationMethod?, _ losses: inout [String]
    ) -> String {
        if method != .selfSignedTLSClientAuth {
            let reading = ClientKeysReading(members)
            if reading.problems.isEmpty {
                losses += reading.warnings.map { "of its keys: jwks \($0)" }
                return String(decoding: reading.keys.json(), as: UTF8.self)
            }
        }
        // JSON is YAML.
        return JSONValue.object(JSONObject([.init("keys", .array(members))])).jsonText
    }
}
