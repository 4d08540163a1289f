import JOSE
import WireText

/// A protocol mapper, which puts something into tokens.
struct KeycloakMapper {
    private let name: String
    private let type: String
    private let settings: JSONObject
    /// The optional client scope that it belongs to; `nil` if it applies to each token.
    private let optionalScope: String?

    init(_ object: JSONObject, of optionalScope: String?) {
        name = object.text("name") ?? ""
        type = object.text("protocolMapper") ?? ""
        settings = object["config"]?.object ?? JSONObject()
        self.optionalScope = optionalScope
    }

    func apply(to draft: inout ClientDraft) {
        guard settings.flag("access.token.claim") != false else { return }
        if type.isSameText(as: "oidc-audience-mapper") {
            addAudience(to: &draft)
        } else if type.isSameText(as: "oidc-hardcoded-claim-mapper"), optionalScope == nil {
            addClaim(to: &draft)
        } else if type.isSameText(as: "oidc-usersessionmodel-note-mapper") {
            // The client's address and identifier, as Keycloak puts them into the tokens of service accounts.
            let claim = settings.text("claim.name") ?? name
            if !claim.isSameText(as: "client_id") { draft.note("its tokens have no \(claim)") }
        } else if !Self.harmless.contains(where: { $0.isSameText(as: type) }) {
            let place = optionalScope.map { " of the optional scope \($0)" } ?? ""
            draft.lose("the mapper \(name)\(place) (\(type))")
        }
    }

    /// These find nothing in a service account, or what they do is done for all clients.
    private static let harmless = [
        "oidc-audience-resolve-mapper", "oidc-allowed-origins-mapper", "oidc-acr-mapper", "oidc-sub-mapper",
        "oidc-amr-mapper",
        "oidc-full-name-mapper", "oidc-address-mapper",
    ]

    private func addAudience(to draft: inout ClientDraft) {
        guard let audience = settings.text("included.client.audience") ?? settings.text("included.custom.audience")
        else {
            return
        }
        draft.add(audience: audience)
        if let optionalScope { draft.note("the audience \(audience) came with the optional scope \(optionalScope)") }
    }

    /// Dots in the name nest objects; a dot after a backslash is part of a name.
    private func addClaim(to draft: inout ClientDraft) {
        guard let text = settings.text("claim.name"), let value else {
            return draft.lose("the mapper \(name): its value is not of the kind that it names")
        }
        let path = Self.path(text)
        guard path.count == 1 else { return draft.lose("the mapper \(name): the claim \(text) is nested") }
        draft.add(claim: path[0], value)
    }

    static func path(_ text: String) -> [String] {
        var path: [String] = []
        var part: [UInt8] = []
        var isEscaped = false
        for octet in text.utf8 {
            if octet == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
                continue
            }
            if octet == UInt8(ascii: "."), !isEscaped {
                path.append(String(decoding: part, as: UTF8.self))
                part = []
            } else {
                part.append(octet)
            }
            isEscaped = false
        }
        return path + [String(decoding: part, as: UTF8.self)]
    }

    /// By `jsonType.label`; `nil` if the text is no such value.
    private var value: JSONValue? {
        let text = settings["claim.value"]?.string ?? ""
        let label = settings.text("jsonType.label") ?? "String"
        if label.isSameText(as: "String") { return .string(text) }
        let value = try? JSONReader.read(Array(text.utf8))
        if label.isSameText(as: "JSON") { return value }
        if label.isSameText(as: "boolean") { return settings.flag("claim.value").map(JSONValue.bool) }
        guard label.isSameText(as: "int") || label.isSameText(as: "long") else { return nil }
        return value?.integer.map(JSONValue.integer)
    }
}
