import AccessToken
import JOSE
import OAuth
import WireText

/// App clients of Amazon Cognito: answers of `aws cognito-idp describe-user-pool-client`.
struct CognitoExport {
    private var clients: [JSONObject] = []

    static let shape = ExportShape(
        document: ["UserPoolClient"],
        lists: [ExportShape.List("UserPoolClients", ["ClientId"])])

    /// - Throws: for the answer of list-user-pool-clients, which has neither secrets nor scopes.
    init(_ items: [ExportItem]) throws(UnusableExport) {
        for item in items {
            if let client = item.object["UserPoolClient"]?.object { clients.append(client) }
        }
        if clients.isEmpty, items.contains(where: { $0.list != nil }) {
            throw UnusableExport(
                message: "is a list of app clients, without secrets and scopes",
                hint: "aws cognito-idp describe-user-pool-client for each of them; the answers may stand in one file")
        }
    }

    func drafts(now: NumericDate) -> [ClientDraft] {
        clients.compactMap { client in
            guard let id = client.text("ClientId") else { return nil }
            var draft = ClientDraft(id: id)
            draft.name = client.text("ClientName")
            let flows = client.texts("AllowedOAuthFlows")
            guard flows.contains(where: "client_credentials".isSameText(as:)) else {
                let used = flows.isEmpty ? "no OAuth flow" : flows.joined(separator: ", ")
                draft.leftOut = "it uses \(used), and not client_credentials"
                return draft
            }
            guard client.flag("AllowedOAuthFlowsUserPoolClient") ?? true else {
                draft.leftOut = "OAuth is turned off for it"
                return draft
            }
            for scope in client.texts("AllowedOAuthScopes") { draft.add(scopeToken: scope) }
            if let secret = client.text("ClientSecret") {
                draft.add(secret: secret, now: now)
            } else {
                draft.refuse("its secret is not in the export")
            }
            Self.setLifetime(of: &draft, client)
            // What verifiers for Cognito look at.
            draft.add(claim: "token_use", "access")
            draft.add(claim: "version", 2)
            if let shape = try? AccessTokenShape(type: .jwt) { draft.shape = shape }
            return draft
        }
    }

    /// `AccessTokenValidity` is in hours, unless `TokenValidityUnits` names another unit. Without it, or with zero, it is one
    /// hour.
    private static func setLifetime(of draft: inout ClientDraft, _ client: JSONObject) {
        guard let count = client.number("AccessTokenValidity"), count > 0, count < 1_000_000 else {
            return draft.setLifetime(3600)
        }
        let unit = client["TokenValidityUnits"]?.object?.text("AccessToken") ?? "hours"
        guard let seconds = units.first(where: { $0.name.isSameText(as: unit) })?.seconds else {
            return draft.lose("the lifetime of its access tokens: its unit is \(unit)")
        }
        draft.setLifetime(count * seconds)
    }

    private static let units: [(name: String, seconds: Int64)] = [
        ("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86400),
    ]
}
