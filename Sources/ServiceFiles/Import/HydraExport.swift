import AccessToken
import JOSE
import OAuth
import WireText

/// Clients of Ory Hydra: the answer of `GET /admin/clients`, or what `hydra list oauth2-clients --format json` prints. Neither
/// has secrets. An object that has a `client_id` and a `client_secret` alone, from Hydra's database or another place, completes
/// the client with that identifier.
struct HydraExport {
    private var clients: [JSONObject] = []
    private var secrets: [ExactText: String] = [:]

    static let shape = ExportShape(
        document: members + ["is_last_page"], lists: [ExportShape.List("items", members)])

    private static let members =
        RegistrationMembers.names + [
            "audience", "access_token_strategy", "client_credentials_grant_access_token_lifespan",
            "jwt_bearer_grant_access_token_lifespan",
        ]

    init(_ items: [ExportItem]) throws(UnusableExport) {
        try RegistrationMembers.refuseAuth0(items)
        for object in items.map(\.object) {
            guard let id = object.text("client_id") else { continue }
            if object.members.count == 2, let secret = object.text("client_secret") {
                secrets[ExactText(id)] = secret
            } else {
                clients.append(object)
            }
        }
    }

    func drafts(now: NumericDate) -> [ClientDraft] {
        let known = Set(clients.compactMap { $0.text("client_id").map(ExactText.init) })
        let strangers = secrets.keys.filter { !known.contains($0) }.map(\.description).sorted()
        return clients.map { draft(of: $0, now: now) }
            + strangers.map { id in
                var draft = ClientDraft(id: id)
                draft.refuse("the export has its secret alone")
                return draft
            }
    }

    private func draft(of object: JSONObject, now: NumericDate) -> ClientDraft {
        let id = object.text("client_id") ?? ""
        var client = object
        if client.text("client_secret") == nil, let secret = secrets[ExactText(id)] {
            client = client.setting("client_secret", to: .string(secret))
        }
        var draft = ClientDraft(id: id)
        draft.name = client.text("client_name")
        let members = RegistrationMembers(object: client)
        members.setGrantTypes(of: &draft, standard: ["authorization_code"])
        members.setCredentials(of: &draft, now: now)
        members.setBinding(of: &draft)
        draft.add(scope: client.text("scope") ?? "")
        for audience in client.texts("audience") { draft.add(audience: audience) }
        setLifetime(of: &draft, client)
        if !(client.text("access_token_strategy")?.isSameText(as: "opaque") ?? false) { Self.setShape(of: &draft) }
        reviewGrantTypes(of: &draft)
        return draft
    }

    /// Hydra's JWTs have the type JWT, and the scope as an array in `scp`.
    private static func setShape(of draft: inout ClientDraft) {
        if let shape = try? AccessTokenShape(type: .jwt, scope: .array, scopeClaim: "scp") { draft.shape = shape }
    }

    private func reviewGrantTypes(of draft: inout ClientDraft) {
        if draft.grantTypes.contains(.refreshToken) {
            draft.grantTypes.removeAll { $0 == .refreshToken }
            draft.note("it gets no refresh tokens, as Hydra gave none with client_credentials")
        }
        if draft.grantTypes.contains(.jwtBearer), draft.keys == nil, draft.keysURL == nil {
            draft.grantTypes.removeAll { $0 == .jwtBearer }
            draft.lose("the grant jwt-bearer: the trusted issuers are not in the export, and belong in `identities`")
            if draft.grantTypes.isEmpty { draft.refuse("it has no other grant") }
        }
    }

    private func setLifetime(of draft: inout ClientDraft, _ client: JSONObject) {
        let isForAssertions = draft.grantTypes == [.jwtBearer]
        let name =
            isForAssertions
            ? "jwt_bearer_grant_access_token_lifespan" : "client_credentials_grant_access_token_lifespan"
        guard let text = client.text(name) else { return }
        guard let seconds = Self.seconds(text) else { return draft.lose("the lifetime of its access tokens, \(text)") }
        draft.setLifetime(seconds)
    }

    /// A duration as Go writes it, such as `1h30m0s`, in whole seconds.
    ///
    /// - Returns: `nil` for any other text, and for fractions of seconds.
    static func seconds(_ text: String) -> Int64? {
        var total: Int64 = 0
        var rest = Octets(text)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix(while: ASCII.isDigit)
            guard digits.count <= 9, let number = digits.decimal else { return nil }
            rest = rest.dropFirst(digits.count)
            switch rest.first {
            case UInt8(ascii: "h"): total += Int64(number) * 3600
            case UInt8(ascii: "m"): total += Int64(number) * 60
            case UInt8(ascii: "s"): total += Int64(number)
            default: return nil
            }
            rest = rest.dropFirst()
            // `ms` are milliseconds.
            if rest.first == UInt8(ascii: "s") { return nil }
        }
        return total
    }
}
