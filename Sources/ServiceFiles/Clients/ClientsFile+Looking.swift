package import AccessToken

extension ClientsFile {
    /// Whether an entry has this identifier, good or not.
    package func hasEntry(for id: ClientID) -> Bool {
        entries.contains { $0.clientID == id }
    }
}
