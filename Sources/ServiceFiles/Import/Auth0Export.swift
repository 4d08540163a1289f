import AccessToken
import JOSE
import OAuth
import WireText

/// Applications of Auth0 with their client grants: the answers of `GET /api/v2/clients`, `GET /api/v2/client-grants` and
/// `GET /api/v2/resource-servers`, or the files of the Deploy CLI's folder format.
struct Auth0Export {
    private var clients: [JSONObject] = []
    private var grants: [JSONObject] = []
    private var servers: [ExactText: JSONObject] = [:]

    static let shape = ExportShape(
        document: clientMembers + grantMembers + serverMembers,
        lists: [
            ExportShape.List("clients", clientMembers),
            ExportShape.List("client_grants", grantMembers),
            ExportShape.List("clientGrants", grantMembers),
            ExportShape.List("resource_servers", serverMembers),
            ExportShape.List("resourceServers", serverMembers),
        ])

    private static let clientMembers = [
        "client_id", "name", "client_secret", "app_type", "grant_types", "callbacks", "global", "is_first_party",
        "token_endpoint_auth_method", "client_authentication_methods", "require_proof_of_possession",
    ]
    private static let grantMembers = ["client_id", "audience", "scope", "subject_type", "allow_all_scopes"]
    private static let serverMembers = [
        "identifier", "scopes", "token_lifetime", "token_dialect", "is_system",
    ]

    /// - Throws: if no grant is there, since no scope is known then.
    init(_ items: [ExportItem]) throws(UnusableExport) {
        for object in items.map(\.object) {
            if let identifier = object.text("identifier") {
                servers[ExactText(identifier)] = object
            } else if object.text("audience") != nil {
                grants.append(object)
            } else if object.text("client_id") != nil || object["app_type"] != nil {
                clients.append(object)
            }
        }
        guard clients.isEmpty || !grants.isEmpty else {
            throw UnusableExport(
                message: "has clients and no client grants, which have their scopes and audiences",
                hint: "name a file with the answer of GET /api/v2/client-grants beside it")
        }
    }

    func drafts(now: NumericDate) -> [ClientDraft] {
        let byClient = Dictionary(grouping: grants) { ExactText($0.text("client_id") ?? "") }
        return clients.map { client in
            // Without AUTH0_EXPORT_IDENTIFIERS the Deploy CLI has names in place of identifiers.
            guard let id = client.text("client_id") else {
                var draft = ClientDraft(id: client.text("name") ?? "")
                draft.refuse("the export has no client_id: set AUTH0_EXPORT_IDENTIFIERS")
                return draft
            }
            let named = client.text("name").flatMap { byClient[ExactText($0)] } ?? []
            return draft(id, client, (byClient[ExactText(id)] ?? []) + named, now: now)
        }
    }

    private func draft(_ id: String, _ client: JSONObject, _ grants: [JSONObject], now: NumericDate) -> ClientDraft {
        var draft = ClientDraft(id: id)
        draft.name = client.text("name")
        if client.flag("global") ?? false {
            draft.leftOut = "it stands for all applications of the tenant"
            return draft
        }
        setGrantTypes(of: &draft, client)
        guard draft.leftOut == nil else { return draft }
        setCredentials(of: &draft, client, now: now)
        if client.flag("require_proof_of_possession") ?? false {
            draft.refuse("its tokens are bound, and the export does not say how")
        }
        setPermissions(of: &draft, grants)
        return draft
    }

    private func setGrantTypes(of draft: inout ClientDraft, _ client: JSONObject) {
        let callbacks = JSONObject.Member("redirect_uris", client["callbacks"] ?? .null)
        let members = RegistrationMembers(object: JSONObject(client.members + [callbacks]))
        members.setGrantTypes(of: &draft, standard: [])
        guard draft.leftOut == nil else { return }
        if draft.grantTypes.contains(.refreshToken) {
            draft.note("it gets no refresh tokens, as Auth0 gave none with client_credentials")
        }
        draft.grantTypes = [.clientCredentials]
    }

    private func setCredentials(of draft: inout ClientDraft, _ client: JSONObject, now: NumericDate) {
        if let methods = client["client_authentication_methods"]?.object, !methods.members.isEmpty {
            let names = methods.members.map(\.name).joined(separator: ", ")
            return draft.refuse("it authenticates with \(names), and its keys are not in the export")
        }
        if client.text("token_endpoint_auth_method")?.isSameText(as: "none") ?? false {
            draft.leftOut = "it is a public client, which has no credential"
            return
        }
        guard let secret = client.text("client_secret") else {
            return draft.refuse("its secret is not in the export, which needs the scope read:client_keys")
        }
        draft.add(secret: secret, now: now)
    }

    /// Scope and audiences are those of the client grants. Writ has one scope for all audiences of a client: clients whose
    /// grants differ would get more than they had.
    private func setPermissions(of draft: inout ClientDraft, _ all: [JSONObject]) {
        let grants = all.filter { !($0.text("subject_type")?.isSameText(as: "user") ?? false) && !isForAuth0($0) }
        guard let first = grants.first else {
            draft.leftOut =
                all.isEmpty
                ? "no client grant names it, so that Auth0 gives it no token"
                : "its client grants are for users, or for Auth0's own API"
            return
        }
        if all.contains(where: isForAuth0) { draft.note("its grant for Auth0's own API is not carried") }
        let scopes = grants.compactMap { scope(of: $0) }
        guard scopes.count == grants.count else {
            return draft.refuse("a client grant allows all scopes of an API that the export does not have")
        }
        guard Set(scopes.map { Set($0.map(ExactText.init)) }).count == 1 else {
            return draft.refuse("it has other scopes for one API than for another, and Writ has one scope for all")
        }
        for token in scope(of: first) ?? [] { draft.add(scopeToken: token) }
        for grant in grants { draft.add(audience: grant.text("audience") ?? "") }
        setTokens(of: &draft, grants.compactMap { servers[ExactText($0.text("audience") ?? "")] })
    }

    private func isForAuth0(_ grant: JSONObject) -> Bool {
        guard let audience = grant.text("audience") else { return false }
        return servers[ExactText(audience)]?.flag("is_system") ?? false || Octets(audience).ends(with: "/api/v2/")
    }

    /// - Returns: `nil` if the grant allows all scopes, and the API is unknown.
    private func scope(of grant: JSONObject) -> [String]? {
        guard grant.flag("allow_all_scopes") ?? false else { return grant.texts("scope") }
        let server = grant.text("audience").flatMap { servers[ExactText($0)] }
        return server?.objects("scopes").compactMap { $0.text("value") }
    }

    /// The lifetime and the form of the tokens, which each API has for itself.
    private func setTokens(of draft: inout ClientDraft, _ servers: [JSONObject]) {
        let lifetimes = Set(servers.compactMap { $0.number("token_lifetime") })
        if let shortest = lifetimes.min() { draft.setLifetime(shortest) }
        if lifetimes.count > 1 { draft.note("its access tokens live as long as the shortest of its APIs") }
        let dialects = servers.map { Octets($0.text("token_dialect") ?? "access_token") }
        guard !dialects.allSatisfy({ $0.begins(with: "rfc9068_profile") }) || dialects.isEmpty else {
            return setScopeClaim(of: &draft, dialects, .accessToken)
        }
        if dialects.contains(where: { $0.begins(with: "rfc9068_profile") }) {
            draft.note("its tokens have the type JWT, also for the APIs with the RFC 9068 profile")
        }
        draft.add(claim: "azp", .string(draft.id))
        draft.add(claim: "gty", "client-credentials")
        setScopeClaim(of: &draft, dialects, .jwt)
    }

    /// The dialects that end with `_authz` have `permissions` beside `scope`, and Writ has one claim for both.
    private func setScopeClaim(
        of draft: inout ClientDraft, _ dialects: [Octets], _ type: AccessTokenShape.HeaderType
    ) {
        let hasPermissions = !dialects.isEmpty && dialects.allSatisfy { $0.ends(with: "_authz") }
        if hasPermissions {
            draft.note("its tokens have `permissions`, and no `scope` beside it")
        } else if dialects.contains(where: { $0.ends(with: "_authz") }) {
            draft.note("its tokens have `scope`, and no `permissions` beside it")
        }
        let shape =
            hasPermissions
            ? try? AccessTokenShape(type: type, scope: .array, scopeClaim: "permissions")
            : try? AccessTokenShape(type: type)
        if let shape { draft.shape = shape }
    }
}
