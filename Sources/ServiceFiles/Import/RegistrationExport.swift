import AccessToken
import JOSE

/// Client information responses, RFC 7591 section 3.2.1.
struct RegistrationExport {
    private let clients: [JSONObject]

    static let shape = ExportShape(document: RegistrationMembers.names)

    init(_ items: [ExportItem]) throws(UnusableExport) {
        try RegistrationMembers.refuseAuth0(items)
        clients = items.map(\.object)
    }

    func drafts(now: NumericDate) -> [ClientDraft] {
        clients.compactMap { client in
            guard let id = client.text("client_id") else { return nil }
            var draft = ClientDraft(id: id)
            let members = RegistrationMembers(object: client)
            draft.name = client.text("client_name")
            // RFC 7591 section 2.
            members.setGrantTypes(of: &draft, standard: ["authorization_code"])
            members.setCredentials(of: &draft, now: now)
            members.setBinding(of: &draft)
            draft.add(scope: client.text("scope") ?? "")
            return draft
        }
    }
}
