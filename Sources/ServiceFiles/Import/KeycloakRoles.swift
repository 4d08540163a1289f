import JOSE
import WireText

/// The roles of a service account, which Keycloak's tokens have in `realm_access` and `resource_access`.
struct KeycloakRoles {
    private let account: JSONObject
    private let client: JSONObject

    init(_ account: JSONObject, _ client: JSONObject) {
        self.account = account
        self.client = client
    }

    /// What every account has, and what is for Keycloak's own APIs.
    private static let ownRoles = ["offline_access", "uma_authorization"]
    private static let ownClients = ["account", "broker", "realm-management", "security-admin-console"]

    func apply(to draft: inout ClientDraft) {
        let realmRoles = account.texts("realmRoles").filter(isOfOperator)
        let clientRoles = (account["clientRoles"]?.object?.members ?? []).compactMap { member in
            let roles = member.value.array?.compactMap(\.string) ?? []
            let isOwn = Self.ownClients.contains { $0.isSameText(as: member.name) }
            let isOnlyForUMA = roles.allSatisfy { $0.isSameText(as: "uma_protection") }
            return isOwn || isOnlyForUMA ? nil : (name: member.name, roles: roles)
        }
        if !account.texts("groups").isEmpty { draft.lose("the roles of the groups of its service account") }
        guard !realmRoles.isEmpty || !clientRoles.isEmpty else { return }
        guard client.flag("fullScopeAllowed") ?? true else {
            return draft.lose(
                "the roles of its service account: its scope mappings limit them (fullScopeAllowed is off)")
        }
        guard client.texts("defaultClientScopes").contains(where: "roles".isSameText(as:)) else { return }
        if !realmRoles.isEmpty {
            draft.add(claim: "realm_access", ["roles": .array(realmRoles.map(JSONValue.string))])
        }
        if !clientRoles.isEmpty {
            let access = clientRoles.map { client in
                JSONObject.Member(client.name, ["roles": .array(client.roles.map(JSONValue.string))])
            }
            draft.add(claim: "resource_access", .object(JSONObject(access)))
            // The mapper "audience resolve" of the scope `roles` adds these, and never the client itself.
            for client in clientRoles where !client.name.isSameText(as: draft.id) { draft.add(audience: client.name) }
        }
        draft.note(
            "its roles are those that its service account has itself: roles within composite roles are not followed")
    }

    private func isOfOperator(_ role: String) -> Bool {
        !Octets(role).begins(with: "default-roles-") && !Self.ownRoles.contains { $0.isSameText(as: role) }
    }
}
