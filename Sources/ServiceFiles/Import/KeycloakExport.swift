import AccessToken
import JOSE
import OAuth
import WireText

/// A realm of Keycloak: what `kc.sh export` writes, in one file or several; the partial export of the console; or clients
/// alone, as the Admin API has them.
///
/// Of the users only service accounts are kept. Names of members are those of `RealmRepresentation`, `ClientRepresentation`,
/// `ClientScopeRepresentation` and `UserRepresentation`.
struct KeycloakExport {
    private var clients: [JSONObject] = []
    /// The client scopes, by name.
    private var scopes: [ExactText: JSONObject] = [:]
    /// The service accounts, by the identifier of their client.
    private var accounts: [ExactText: JSONObject] = [:]
    private var lifetime: Int64?

    static let shape = ExportShape(
        document: clientMembers + ["realm", "accessTokenLifespan"],
        lists: [
            ExportShape.List("clients", clientMembers),
            ExportShape.List("clientScopes", ["name", "protocol", "attributes", "protocolMappers"]),
            ExportShape.List(
                "users", ["serviceAccountClientId", "realmRoles", "clientRoles", "groups"],
                needed: "serviceAccountClientId"),
        ])

    private static let clientMembers = [
        "clientId", "name", "enabled", "protocol", "publicClient", "bearerOnly", "serviceAccountsEnabled",
        "standardFlowEnabled", "implicitFlowEnabled", "directAccessGrantsEnabled", "authorizationServicesEnabled",
        "clientAuthenticatorType", "secret", "attributes", "redirectUris", "fullScopeAllowed", "defaultClientScopes",
        "optionalClientScopes", "protocolMappers",
    ]

    /// - Throws: if the files have clients of several realms: each realm is an issuer.
    init(_ items: [ExportItem]) throws(UnusableExport) {
        var realms: Set<ExactText> = []
        for item in items {
            let object = item.object
            if let list = item.list, list.isSameText(as: "clientScopes") {
                if let name = object.text("name") { scopes[ExactText(name)] = object }
            } else if let account = object.text("serviceAccountClientId") {
                accounts[ExactText(account)] = object
            } else if object.text("clientId") != nil {
                clients.append(object)
            } else {
                if let realm = object.text("realm") { realms.insert(ExactText(realm)) }
                lifetime = object.number("accessTokenLifespan") ?? lifetime
            }
        }
        guard realms.count <= 1 else {
            throw UnusableExport(
                message: "holds \(realms.count) realms, and each is an issuer of its own",
                hint: "kc.sh export --realm NAME, and one import for each realm, into a clients file of its own")
        }
    }

    func drafts(now: NumericDate) -> [ClientDraft] {
        clients.compactMap { client in
            guard let id = client.text("clientId") else { return nil }
            return KeycloakClient(
                id: id, object: client, scopes: scopes, account: accounts[ExactText(id)], realmLifetime: lifetime
            ).draft(now: now)
        }
    }
}
