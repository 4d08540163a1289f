import OAuth

/// The password hashes that are checked for a wrong secret: of each cost, as many as one client has at most.
struct PasswordHashRoom {
    private var counts: [PasswordHash.Cost: Int] = [:]

    /// - Returns: whether there is room for the hashes of the client.
    mutating func admit(_ client: Client) -> Bool {
        let merged = self.merged(client)
        guard merged.values.reduce(0, +) <= ClientRegistry.maximumPasswordChecks else { return false }
        counts = merged
        return true
    }

    func count(with client: Client) -> Int { merged(client).values.reduce(0, +) }

    private func merged(_ client: Client) -> [PasswordHash.Cost: Int] {
        counts.merging(client.passwordHashCounts, uniquingKeysWith: max)
    }
}
