import AccessToken
import Libcrypto

/// Proof that a client knows one of its secrets and may use it by this method. Only the check of a secret creates one.
struct SecretProof {
    fileprivate init() {}
}

/// A cache of the secrets that passed the check of a password hash, so that a further request with one of them costs
/// microseconds. The caller keeps the cache between requests and provides its functions.
public final class VerifiedSecrets: Sendable {
    /// Computes the code of a secret. It takes a key that only the cache has.
    package let code: @Sendable (String) throws(TokenRefusal) -> [UInt8]
    /// Whether the secret with this code has passed the check of the hash.
    package let contains: @Sendable ([UInt8], PasswordHash) -> Bool
    /// Caches the code of a secret that matched the hash.
    package let insert: @Sendable ([UInt8], PasswordHash) -> Void

    /// Caches no secret: every password hash is checked.
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

/// The search for the client that an identifier and a secret belong to. Each kind of search takes the same work,
/// whether the client exists or not.
struct SecretCheck {
    let credentials: SecretCredentials
    let clients: ClientRegistry
    let verified: VerifiedSecrets
    let now: NumericDate

    /// Compares the secret with the client's digests and with its cached secrets.
    ///
    /// - Returns: `nil` if no fast check matches: the secret is wrong, or only a password hash can decide.
    func quick(cost: inout AuthenticationCost) throws(TokenRefusal) -> AuthenticatedClient? {
        try firstMatch(comparesDigests: true, cost: &cost)
    }

    /// Compares the secret with the client's cached secrets.
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

    /// Makes the same number of comparisons for every client, so that the time shows neither how many secrets the
    /// client has nor which one matches.
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
        let decoy = clients.decoys.digest
        while remaining > 0 {
            _ = ConstantTime.areEqual(presented.span, decoy.span)
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

    /// Checks the password hashes of the client. For each cost in the registry, as many hashes are checked as the
    /// client with the most hashes of that cost has. Decoys replace the hashes that this client does not have.
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

/// A secret that only the check of password hashes can accept or reject.
public struct PendingPasswordCheck: Sendable {
    private let check: SecretCheck

    init(_ check: SecretCheck) {
        self.check = check
    }

    /// Checks the password hashes, which blocks the calling thread for milliseconds to seconds. A secret that matches
    /// is cached.
    package func run() throws(TokenRefusal) -> AuthenticatedClient {
        var cost = AuthenticationCost()
        return try run(cost: &cost)
    }

    func run(cost: inout AuthenticationCost) throws(TokenRefusal) -> AuthenticatedClient {
        // Another request may have verified the same secret while this check waited for a thread.
        if let client = try check.amongVerified(cost: &cost) { return client }
        let client: AuthenticatedClient?
        // A failure, such as of an allocation, does not mean that the secret is wrong.
        do throws(LibcryptoError) { client = try check.slow(cost: &cost) } catch { throw .failure(error) }
        guard let client else { throw TokenRefusal(.invalidClient) }
        return client
    }
}
