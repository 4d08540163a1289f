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

/// What the comparison of credentials with one kind of secret has found.
struct SecretMatch {
    /// The client that is authenticated; `nil` if none is.
    var client: AuthenticatedClient?
    /// Whether a secret of the client matches that has not expired. If so without ``client``, it came by a method that
    /// the client may not use.
    private var isCurrent = false
    /// Whether a secret of the client matches that has expired.
    private var isExpired = false
    /// Whether a client has the identifier.
    private var isRegistered = false
    /// Whether such a client has secrets.
    private var hasSecrets = false

    mutating func add(_ client: Client?, isCurrent: Bool, isExpired: Bool) {
        isRegistered = isRegistered || client != nil
        hasSecrets = hasSecrets || client?.secrets.isEmpty == false
        self.isCurrent = self.isCurrent || isCurrent
        self.isExpired = self.isExpired || isExpired
    }

    /// The failure if ``client`` is `nil`.
    ///
    /// - Parameters:
    ///   - wrong: the weight if no secret matches.
    ///   - other: what the comparison with another kind of secret has found.
    func failure(_ wrong: AuthenticationFailure.Weight, and other: SecretMatch = SecretMatch()) -> AuthenticationFailure
    {
        if isCurrent || other.isCurrent { return AuthenticationFailure(.notAccepted, cause: .wrongMethod) }
        if isExpired || other.isExpired { return AuthenticationFailure(.notAccepted, cause: .expiredSecret) }
        guard isRegistered || other.isRegistered else { return AuthenticationFailure(wrong, cause: .unknownClient) }
        return AuthenticationFailure(wrong, cause: hasSecrets || other.hasSecrets ? .wrongSecret : .wrongMethod)
    }
}

/// The search for the client that an identifier and a secret belong to. Each kind of search takes the same work,
/// whether the client exists or not.
struct SecretCheck {
    let credentials: SecretCredentials
    let clients: ClientRegistry
    let verified: VerifiedSecrets
    let now: NumericDate

    /// Compares the secret with the client's digests and with its cached secrets. If neither matches, the secret is
    /// wrong, or only a password hash can decide.
    func quick(cost: inout AuthenticationCost) throws(TokenRefusal) -> SecretMatch {
        try firstMatch(comparesDigests: true, cost: &cost)
    }

    /// Compares the secret with the client's cached secrets.
    fileprivate func amongVerified(cost: inout AuthenticationCost) throws(TokenRefusal) -> SecretMatch {
        try firstMatch(comparesDigests: false, cost: &cost)
    }

    /// Tries each reading of the credentials, also after one has matched.
    private func firstMatch(
        comparesDigests: Bool, cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> SecretMatch {
        var found: Client?
        var match = SecretMatch()
        for reading in credentials.readings {
            cost.lookups += 1
            let client = clients[reading.clientID]
            var secrets = MatchingSecrets()
            if comparesDigests { try compareDigests(reading, client, &secrets, cost: &cost) }
            try compareVerified(reading, client, &secrets, cost: &cost)
            if secrets.isCurrent, found == nil { found = client }
            match.add(client, isCurrent: secrets.isCurrent, isExpired: secrets.isExpired)
        }
        match.client = found.flatMap(authenticated)
        return match
    }

    private func authenticated(_ client: Client) -> AuthenticatedClient? {
        client.accepts(credentials.method) ? AuthenticatedClient(client, credentials.method, SecretProof()) : nil
    }

    /// The secrets of a client that the presented one matches.
    private struct MatchingSecrets {
        var isCurrent = false
        var isExpired = false

        mutating func add(_ secret: ClientSecret, matches: Bool, now: NumericDate) {
            let isCurrent = secret.isCurrent(at: now)
            if matches && isCurrent { self.isCurrent = true }
            if matches && !isCurrent { isExpired = true }
        }
    }

    /// Makes the same number of comparisons for every client, so that the time shows neither how many secrets the
    /// client has nor which one matches.
    private func compareDigests(
        _ reading: SecretCredentials.Reading, _ client: Client?, _ matching: inout MatchingSecrets,
        cost: inout AuthenticationCost
    ) throws(TokenRefusal) {
        let presented: [UInt8]
        do throws(LibcryptoError) {
            presented = try HashFunction.sha256.digest(of: reading.secret.utf8.span)
        } catch {
            throw .failure(error)
        }
        cost.digests += 1
        var remaining = clients.decoys.digestCount
        for secret in client?.secrets ?? [] {
            guard case .digest(let digest) = secret.hash else { continue }
            matching.add(secret, matches: ConstantTime.areEqual(presented.span, digest.span), now: now)
            cost.comparisons += 1
            remaining -= 1
        }
        let decoy = clients.decoys.digest
        while remaining > 0 {
            _ = ConstantTime.areEqual(presented.span, decoy.span)
            cost.comparisons += 1
            remaining -= 1
        }
    }

    /// Makes the same number of comparisons for every client.
    private func compareVerified(
        _ reading: SecretCredentials.Reading, _ client: Client?, _ matching: inout MatchingSecrets,
        cost: inout AuthenticationCost
    ) throws(TokenRefusal) {
        guard let decoy = clients.decoys.passwords.first?[0] else { return }
        var remaining = clients.decoys.passwordCount
        let code = try verified.code(reading.secret)
        cost.codes += 1
        for secret in client?.secrets ?? [] {
            guard let hash = secret.hash.password else { continue }
            matching.add(secret, matches: verified.contains(code, hash), now: now)
            cost.comparisons += 1
            remaining -= 1
        }
        while remaining > 0 {
            _ = verified.contains(code, decoy)
            cost.comparisons += 1
            remaining -= 1
        }
    }

    /// Checks the password hashes of the client. For each cost in the registry, as many hashes are checked as the
    /// client with the most hashes of that cost has. Decoys replace the hashes that this client does not have.
    fileprivate func slow(cost: inout AuthenticationCost) throws(LibcryptoError) -> SecretMatch {
        var match = SecretMatch()
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
                    let isCurrent = secret.isCurrent(at: now)
                    match.add(client, isCurrent: matches && isCurrent, isExpired: matches && !isCurrent)
                    guard matches, isCurrent, let client = client.flatMap(authenticated) else { continue }
                    if let code = try? verified.code(reading.secret) { verified.insert(code, hash) }
                    match.client = client
                    return match
                }
                for decoy in decoys.prefix(remaining) {
                    _ = try decoy.matches(reading.secret)
                    cost.derivations[decoy.cost, default: 0] += 1
                }
            }
        }
        return match
    }
}

/// A secret that only the check of password hashes can accept or reject.
public struct PendingPasswordCheck: Sendable {
    private let check: SecretCheck
    /// What digests and cached secrets have shown.
    private let quickMatch: SecretMatch

    init(_ check: SecretCheck, quickMatch: SecretMatch) {
        self.check = check
        self.quickMatch = quickMatch
    }

    /// Checks the password hashes, which blocks the calling thread for milliseconds to seconds. A secret that matches
    /// is cached.
    ///
    /// - Throws: ``TokenRefusal/Code/serverError`` if libcrypto fails, which says nothing about the secret.
    package func run() throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        var cost = AuthenticationCost()
        return try run(cost: &cost)
    }

    func run(
        cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        // Another request may have verified the same secret while this check waited for a thread.
        if let client = try check.amongVerified(cost: &cost).client { return .success(client) }
        let match: SecretMatch
        do throws(LibcryptoError) { match = try check.slow(cost: &cost) } catch { throw .failure(error) }
        if let client = match.client { return .success(client) }
        return .failure(quickMatch.failure(.wrongPassword, and: match))
    }
}
