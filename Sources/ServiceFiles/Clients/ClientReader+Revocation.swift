import AccessToken
import OAuth

extension ClientReader {
    /// `access_tokens_not_before` and `refresh_tokens_not_before` of the entry.
    mutating func tokensNotBefore() -> TokensNotBefore {
        TokensNotBefore(
            accessTokens: notBefore(ClientsSettings.accessTokensName),
            refreshTokens: notBefore(ClientsSettings.refreshTokensName))
    }

    /// What counts of an entry that has problems; `nil` without an identifier.
    func remains() -> ClientRemains? {
        guard let id = id.flatMap({ try? ClientID($0) }) else { return nil }
        var reader = ClientReader(entry, of: file, settings)
        let notBefore = reader.tokensNotBefore()
        let momentsCheck = reader.problems.isEmpty
        return ClientRemains(
            id: id, statusIndex: reader.value("status_index", StatusIndex.parse), notBefore: notBefore,
            momentsCheck: momentsCheck, isDisabled: reader.value(ClientChange.disabledName, Self.bool) ?? false)
    }
}

/// What counts of an entry of `clients.yaml` that has problems: its place in the status lists and its moments, as far as they
/// can be read. A mistake elsewhere in the entry takes back no revocation.
struct ClientRemains: Sendable {
    let id: ClientID
    /// `status_index`
    let statusIndex: Int?
    let notBefore: TokensNotBefore
    /// Whether all moments can be read.
    let momentsCheck: Bool
    /// `disabled`
    var isDisabled = false
}

extension ClientRemains {
    init(_ client: Client) {
        self.init(id: client.id, statusIndex: client.statusIndex, notBefore: client.notBefore, momentsCheck: true)
    }
}

extension ClientEntry {
    /// What decides about the place of its client; `nil` without an identifier.
    var registered: ClientRemains? { client.map(ClientRemains.init) ?? remains }
}
