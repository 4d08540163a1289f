import OAuth

/// What an entry gets when it is added.
struct ClientPlacement {
    /// `status_index`
    let statusIndex: Int
    /// The moments that a removed client had.
    var notBefore = TokensNotBefore()

    /// The lines of these members in an entry.
    var yamlLines: [String] {
        (notBefore == TokensNotBefore() ? [] : notBefore.members.compactMap(\.text)) + ["status_index: \(statusIndex)"]
    }
}
