import Libcrypto

/// Decoys for the secrets that a client does not have, so that each refusal costs as much work as the client of the
/// registry that costs most.
struct SecretDecoys: Sendable {
    /// A digest that no known secret matches.
    let digest: [UInt8]
    /// How many digests each reading of credentials is compared with.
    let digestCount: Int
    /// How many cached secrets each reading is compared with.
    let passwordCount: Int
    /// For each cost, as many hashes as one client has at most.
    let passwords: [[PasswordHash]]

    init(for clients: [Client]) throws(LibcryptoError) {
        digest = try RandomBytes.make(32)
        var digestCount = 1
        var passwordCount = 0
        for client in clients {
            let passwords = client.secrets.compactMap(\.hash.password)
            digestCount = max(digestCount, client.secrets.count - passwords.count)
            passwordCount = max(passwordCount, passwords.count)
        }
        var passwords: [[PasswordHash]] = []
        for (cost, count) in Self.passwordCounts(of: clients) {
            var hashes: [PasswordHash] = []
            for _ in 0..<count { hashes.append(try PasswordHash.decoy(of: cost)) }
            passwords.append(hashes)
        }
        self.digestCount = digestCount
        self.passwordCount = passwordCount
        self.passwords = passwords
    }

    /// The most hashes of each cost that one client has.
    static func passwordCounts(of clients: [Client]) -> [PasswordHash.Cost: Int] {
        var counts: [PasswordHash.Cost: Int] = [:]
        for client in clients { counts.merge(client.passwordHashCounts, uniquingKeysWith: max) }
        return counts
    }
}

extension Client {
    /// How many password hashes of each cost it has.
    package var passwordHashCounts: [PasswordHash.Cost: Int] {
        var counts: [PasswordHash.Cost: Int] = [:]
        for secret in secrets {
            if let cost = secret.hash.password?.cost { counts[cost, default: 0] += 1 }
        }
        return counts
    }

    /// Whether it has a password hash.
    package var hasPasswordHash: Bool { secrets.contains { $0.hash.password != nil } }
}
