import AccessToken
import JOSE
import OAuth
import WireText

/// One client of a realm.
struct KeycloakClient {
    let id: String
    let object: JSONObject
    /// The client scopes of the realm, by name; empty if the export has none.
    let scopes: [ExactText: JSONObject]
    /// The service account of the client, if the export has it.
    let account: JSONObject?
    /// In seconds; `nil` if the export does not have it.
    let realmLifetime: Int64?

    var attributes: JSONObject { object["attributes"]?.object ?? JSONObject() }

    func draft(now: NumericDate) -> ClientDraft {
        var draft = ClientDraft(id: id)
        draft.leftOut = reasonToLeaveOut
        guard draft.leftOut == nil else { return draft }
        // The name may be a key of a message bundle, such as ${client_account}.
        draft.name = object.text("name").flatMap { Octets($0).begins(with: "${") ? nil : $0 }
        setCredentials(of: &draft, now: now)
        setGrantTypes(of: &draft)
        draft.bindsAccessTokens = attributes.flag("tls.client.certificate.bound.access.tokens") ?? false
        draft.requiresProof = attributes.flag("dpop.bound.access.tokens") ?? false
        if let lifetime = attributes.number("access.token.lifespan").flatMap({ $0 > 0 ? $0 : nil }) ?? realmLifetime {
            draft.setLifetime(lifetime)
        }
        setScope(of: &draft)
        setClaims(of: &draft)
        setAudiences(of: &draft)
        return draft
    }

    private var reasonToLeaveOut: String? {
        if object.flag("enabled") == false { return "it is disabled" }
        if let other = object.text("protocol"), !other.isSameText(as: "openid-connect") {
            return "its protocol is \(other)"
        }
        if object.flag("bearerOnly") == true { return "it is a resource server (bearerOnly)" }
        if object.flag("publicClient") == true { return "it is a public client, which has no credential" }
        guard object.flag("serviceAccountsEnabled") == true else {
            return "it has no service account, so that it does not use client_credentials"
        }
        return nil
    }

    private func setGrantTypes(of draft: inout ClientDraft) {
        if attributes.flag("client_credentials.use_refresh_token") == true {
            draft.grantTypes = [.clientCredentials, .refreshToken]
        }
        let hasRedirection = !object.texts("redirectUris").isEmpty
        if object.flag("standardFlowEnabled") == true, hasRedirection {
            draft.lose("the grant type authorization_code")
        }
        if object.flag("implicitFlowEnabled") == true, hasRedirection { draft.lose("the grant type implicit") }
        if object.flag("directAccessGrantsEnabled") == true { draft.lose("the grant type password") }
        if object.flag("authorizationServicesEnabled") == true { draft.lose("the authorization services (UMA)") }
        for (name, grantType) in Self.furtherGrants where attributes.flag(name) == true {
            draft.lose("the grant type \(grantType)")
        }
    }

    private static let furtherGrants = [
        ("oauth2.device.authorization.grant.enabled", "device_code"), ("oidc.ciba.grant.enabled", "ciba"),
        ("standard.token.exchange.enabled", "token-exchange"),
        ("oauth2.jwt.authorization.grant.enabled", "jwt-bearer: its issuers belong in `identities`"),
    ]

    // MARK: Scope

    /// The client scopes that Keycloak makes for each realm and that are in no token, or are for users with a session.
    static let scopesOutsideTokens = [
        "web-origins", "roles", "acr", "basic", "service_account", "role_list", "offline_access",
    ]

    /// The further ones that Keycloak makes, whose mappers concern users.
    private static let scopesOfUsers = ["profile", "email", "address", "phone", "microprofile-jwt", "organization"]

    /// The names of the client scopes that a token has in `scope`.
    private func setScope(of draft: inout ClientDraft) {
        let standard = object.texts("defaultClientScopes").filter(isInTokens)
        let optional = object.texts("optionalClientScopes").filter(isInTokens)
        for name in standard + optional { draft.add(scopeToken: name) }
        if !optional.isEmpty {
            draft.note("a request without `scope` gets its optional scopes too: \(optional.joined(separator: " "))")
        }
    }

    private func isInTokens(_ name: String) -> Bool {
        if name.isSameText(as: "offline_access") { return false }
        guard let scope = scopes[ExactText(name)] else {
            return !Self.scopesOutsideTokens.contains { $0.isSameText(as: name) }
        }
        let isForOAuth = scope.text("protocol").map { $0.isSameText(as: "openid-connect") } ?? true
        return isForOAuth && scope["attributes"]?.object?.flag("include.in.token.scope") != false
    }

    // MARK: Claims and audiences

    /// The claims that Keycloak's own adapters look at.
    private func setClaims(of draft: inout ClientDraft) {
        draft.add(claim: "azp", .string(id))
        draft.add(claim: "typ", "Bearer")
        draft.add(claim: "preferred_username", .string("service-account-" + Octets(id).lowercased))
        if attributes.flag("access.token.header.type.rfc9068") != true, let shape = try? AccessTokenShape(type: .jwt) {
            draft.shape = shape
        }
        for mapper in object.objects("protocolMappers") { KeycloakMapper(mapper, of: nil).apply(to: &draft) }
        for name in object.texts("defaultClientScopes") { applyMappers(of: name, isOptional: false, to: &draft) }
        for name in object.texts("optionalClientScopes") { applyMappers(of: name, isOptional: true, to: &draft) }
        if let account { KeycloakRoles(account, object).apply(to: &draft) }
    }

    private func applyMappers(of name: String, isOptional: Bool, to draft: inout ClientDraft) {
        guard let scope = scopes[ExactText(name)], scope.text("protocol")?.isSameText(as: "openid-connect") ?? true,
            !(Self.scopesOutsideTokens + Self.scopesOfUsers).contains(where: { $0.isSameText(as: name) })
        else { return }
        for mapper in scope.objects("protocolMappers") {
            KeycloakMapper(mapper, of: isOptional ? name : nil).apply(to: &draft)
        }
    }

    /// Keycloak puts all audiences into each token.
    private func setAudiences(of draft: inout ClientDraft) {
        guard draft.allAudiences.count > 1 else { return }
        let names = draft.allAudiences.map(\.description).joined(separator: ", ")
        draft.lose("several audiences in each token (\(names)): a token has the first, unless the request names others")
    }
}
