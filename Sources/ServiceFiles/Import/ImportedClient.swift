import AccessToken
package import JOSE
package import OAuth

/// A client of an export, and what becomes of it.
package struct ImportedClient: Sendable {
    /// What becomes of a client.
    package enum Outcome: String, Sendable {
        /// All of it is carried.
        case whole
        /// It is carried without what ``ImportedClient/losses`` names.
        case part
        /// It cannot be carried, for what ``ImportedClient/losses`` names.
        case refused
        /// It is no client for Writ, for what ``ImportedClient/reason`` names.
        case leftOut = "left_out"
    }

    /// The identifier as the export has it.
    package let id: String
    package let outcome: Outcome
    /// The client as Writ reads its entry; `nil` if it is refused or left out.
    package let client: Client?
    /// Why it is left out; `nil` if it is not.
    package let reason: String?
    /// What cannot be carried.
    package let losses: [String]
    /// What is not as it was, and can be lived with.
    package let differences: [String]
    /// The claims that each of its tokens has.
    package let claims: JSONObject
    /// The lines of its entry in a clients file, without the leading dash and indentation.
    let lines: [String]

    /// Checks the entry as it will be read from the clients file.
    init(_ draft: ClientDraft, _ context: ClientsContext?) {
        guard draft.leftOut == nil else {
            self.init(id: draft.id, outcome: .leftOut, reason: draft.leftOut)
            return
        }
        let entry = ImportedEntry(draft, context)
        // Without a credential the entry has a problem that says no more.
        let refusals = draft.refusals.isEmpty ? entry.problems : draft.refusals
        let losses = refusals + draft.losses + entry.losses
        guard refusals.isEmpty, let client = entry.client else {
            self.init(id: draft.id, outcome: .refused, losses: losses)
            return
        }
        self.init(
            id: draft.id, outcome: losses.isEmpty ? .whole : .part, client: client, losses: losses,
            differences: draft.differences, claims: draft.claims, lines: entry.lines)
    }

    private init(
        id: String, outcome: Outcome, client: Client? = nil, reason: String? = nil, losses: [String] = [],
        differences: [String] = [], claims: JSONObject = JSONObject(), lines: [String] = []
    ) {
        self.id = Self.shortened(id, to: 256)
        self.outcome = outcome
        self.client = client
        self.reason = reason.map { Self.shortened($0) }
        self.losses = losses.map { Self.shortened($0) }
        self.differences = differences.map { Self.shortened($0) }
        self.claims = claims
        self.lines = lines
    }

    /// Names in an export may be of any length. No identifier of Writ is longer than 256 octets.
    private static func shortened(_ text: String, to count: Int = 400) -> String {
        guard text.utf8.count > count else { return text }
        return String(text.unicodeScalars.prefix(count).map(Character.init)) + "..."
    }
}
