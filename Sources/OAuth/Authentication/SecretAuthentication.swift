import AccessToken
import Libcrypto

/// Only the check of a secret can create this: it shows that a client knows one of its secrets and may use it in this way.
struct SecretProof {
    fileprivate init() {}
}

/// The secrets that passed the check of a password hash before, so that a further request with one of them costs
/// microseconds. Who keeps them between requests provides the functions.
public final class VerifiedSecrets: Sendable {
    /// What stands for a secret; only whoever keeps the secrets can compute it.
    package let code: @Sendable (String) throws(TokenRefusal) -> [UInt8]
    /// Whether the secret with this code has passed the check of the hash.
    package let contains: @Sendable ([UInt8], PasswordHash) -> Bool
    /// Adds a secret by its code.
    package let insert: @Sendable ([UInt8], PasswordHash) -> Void

    /// Keeps no secret: every password hash is checked.
    public static let none = VerifiedSecrets(code: { _ in [] }, contains: { _, _ in false }, insert: { _, _ in })

    /// - Parameter contains: compares in constant time.
    package init(
        code: @escaping @Sendable (String) throws(TokenRefusal) -> [UInt8],
        contains: @escaping @Sendable ([UInt8], PasswordHash) -> Bool,
        insert: @escaping @Sendable ([UInt8], PasswordHash) -> Void
    ) {
        self.code = code
        self.contains = contains
        self.insert = insert
    }
}

/// The search for the client that an identifier and a secret belong to. Every search of a kind is the same work, whether
/// there is such a client or not.
struct SecretCheck {
    let credentials: SecretCredentials
    let clients: ClientRegistry
    let verified: VerifiedSecrets
    let now: NumericDate

    /// Compares the secret with all digests and with all secrets that passed a slow check before.
    ///
    /// - Returns: `nil` if none matches: the secret is wrong, or only a password hash can tell.
    func quick(cost: inout AuthenticationCost) throws(TokenRefusal) -> AuthenticatedClient? {
        try firstMatch(comparesDigests: true, cost: &cost)
    }

    /// Compares the secret with all that passed a slow check before.
    fileprivate func amongVerified(cost: inout AuthenticationCost) throws(TokenRefusal) -> AuthenticatedClient? {
        try firstMatch(comparesDigests: false, cost: &cost)
    }

    /// Tries each reading of the credentials, also after one has matched.
    private func firstMatch(
        comparesDigests: Bool, cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> AuthenticatedClient? {
        var found: Client?
        for reading in credentials.readings {
            cost.lookups += 1
            let client = clients[reading.clientID]
            let hasDigest = comparesDigests ? try hasDigest(reading, client, cost: &cost) : false
            let isVerified = try isVerified(reading, client, cost: &cost)
            if hasDigest || isVerified, found == nil { found = client }
        }
        return found.flatMap(authenticated)
    }

    private func authenticated(_ client: Client) -> AuthenticatedClient? {
        client.accepts(credentials.method) ? AuthenticatedClient(client, credentials.method, SecretProof()) : nil
    }

    /// As many comparisons for every client: the time shows neither how many secrets it has nor which one is right.
    private func hasDigest(
        _ reading: SecretCredentials.Reading, _ client: Client?, cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> Bool {
        let presented: [UInt8]
        do throws(LibcryptoError) {
            presented = try HashFunction.sha256.digest(of: reading.secret.utf8.span)
        } catch {
            throw .failure(error)
        }
        cost.digests += 1
        var matches = false
        var remaining = clients.decoys.digestCount
        for secret in client?.secrets ?? [] {
            guard case .digest(let digest) = secret.hash else { continue }
            let isEqual = ConstantTime.areEqual(presented.span, digest.span)
            if isEqual && secret.isCurrent(at: now) { matches = true }
            cost.comparisons += 1
            remaining -= 1
        }
        while remaining > 0 {
            _ = ConstantTime.areEqual(presented.span, clients.decoys.digest.span)
            cost.comparisons += 1
            remaining -= 1
        }
        return matches
    }

    private func isVerified(
        _ reading: SecretCredentials.Reading, _ client: Client?, cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> Bool {
        guard let decoy = clients.decoys.passwords.first?[0] else { return false }
        var remaining = clients.decoys.passwordCount
        let code = try verified.code(reading.secret)
        cost.codes += 1
        var matches = false
        for secret in client?.secrets ?? [] {
            guard let hash = secret.hash.password else { continue }
            if verified.contains(code, hash) && secret.isCurrent(at: now) { matches = true }
            cost.comparisons += 1
            remaining -= 1
        }
        while remaining > 0 {
            _ = verified.contains(code, decoy)
            cost.comparisons += 1
            remaining -= 1
        }
        return matches
    }

    /// Checks the password hashes of the client. Each cost that the registry has is paid as often as for the client with
    /// the most hashes of that cost, with decoys for those that this client does not have.
    fileprivate func slow(cost: inout AuthenticationCost) throws(LibcryptoError) -> AuthenticatedClient? {
        for reading in credentials.readings {
            let client = clients[reading.clientID]
            let secrets = client?.secrets ?? []
            for decoys in clients.decoys.passwords {
                var remaining = decoys.count
                for secret in secrets {
                    guard let hash = secret.hash.password, hash.cost == decoys[0].cost else { continue }
                    let matches = try hash.matches(reading.secret)
                    cost.derivations[hash.cost, default: 0] += 1
                    remaining -= 1
                    guard matches, secret.isCurrent(at: now), let client = client.flatMap(authenticated) else {
                        continue
                    }
                    if let code = try? verified.code(reading.secret) { verified.insert(code, hash) }
                    return client
                }
                for decoy in decoys.prefix(remaining) {
                    _ = try decoy.matches(reading.secret)
                    cost.derivations[decoy.cost, default: 0] += 1
                }
            }
        }
        return nil
    }
}

/// A secret that only password hashes can tell to be right or wrong.
public struct PendingPasswordCheck: Sendable {
    private let check: SecretCheck

    init(_ check: SecretCheck) {
        self.check = check
    }

    /// Takes milliseconds to seconds, on the thread that it is called on. A right secret is added to the verified ones.
    package func run() throws(TokenRefusal) -> AuthenticatedClient {
        var cost = AuthenticationCost()
        return try run(cost: &cost)
    }

    func run(cost: inout AuthenticationCost) throws(TokenRefusal) -> AuthenticatedClient {
        // Another request may have verified the same secret while this check waited for a thread.
        if let client = try check.amongVerified(cost: &cost) { return client }
        let client: AuthenticatedClient?
        // A failure, such as of an allocation, leaves open whether the secret is wrong.
        do throws(LibcryptoError) { client = try check.slow(cost: &cost) } catch { throw .failure(error) }
        guard let client else { throw TokenRefusal(.invalidClient) }
        return client
    }
}
