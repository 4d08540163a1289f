import AccessToken
import Libcrypto

/// The proof that a client knows one of its secrets, and may prove it in this way. Only the two searches in this file
/// make one: the quick one through digests and remembered secrets, and ``PendingPasswordCheck``.
struct MatchedSecret {
    let client: Client
    let method: TokenEndpointAuthenticationMethod

    private init(_ client: Client, _ method: TokenEndpointAuthenticationMethod) {
        self.client = client
        self.method = method
    }

    /// Compares with every digest, and with every secret that passed a slow check before.
    ///
    /// - Returns: nil where none matches: for a wrong secret, or one that only a slow check can tell.
    init?(
        _ credentials: SecretCredentials, in registry: ClientRegistry, now: NumericDate,
        work: inout AuthenticationCost
    ) throws(TokenError) {
        var found: Client?
        for reading in credentials.readings {
            work.lookups += 1
            let client = registry[reading.clientID]
            let matches: Bool
            do throws(LibcryptoError) {
                let digest = try Self.hasDigest(reading, client, registry, now: now, work: &work)
                let remembered = try Self.isRemembered(reading, client, registry, now: now, work: &work)
                matches = digest || remembered
            } catch {
                throw .serverError
            }
            if matches, found == nil { found = client }
        }
        guard let found, found.accepts(credentials.method) else { return nil }
        self.init(found, credentials.method)
    }

    /// As many comparisons for every client, so that neither the number of its secrets nor that of the right one shows.
    private static func hasDigest(
        _ reading: SecretCredentials.Reading, _ client: Client?, _ registry: ClientRegistry, now: NumericDate,
        work: inout AuthenticationCost
    ) throws(LibcryptoError) -> Bool {
        let presented = try HashFunction.sha256.digest(of: reading.secret.utf8.span)
        work.digests += 1
        var matches = false
        var remaining = registry.decoys.digestCount
        for secret in client?.secrets ?? [] {
            guard case .digest(let digest) = secret.hash else { continue }
            let isEqual = ConstantTime.areEqual(presented.span, digest.span)
            if isEqual && secret.isCurrent(at: now) { matches = true }
            work.comparisons += 1
            remaining -= 1
        }
        while remaining > 0 {
            _ = ConstantTime.areEqual(presented.span, registry.decoys.digest.span)
            work.comparisons += 1
            remaining -= 1
        }
        return matches
    }

    private static func isRemembered(
        _ reading: SecretCredentials.Reading, _ client: Client?, _ registry: ClientRegistry, now: NumericDate,
        work: inout AuthenticationCost
    ) throws(LibcryptoError) -> Bool {
        guard var remaining = registry.decoys.passwords.first.map({ _ in registry.decoys.passwordCount }) else {
            return false
        }
        let code = try registry.remembered.code(for: reading.secret)
        work.codes += 1
        var matches = false
        for secret in client?.secrets ?? [] {
            guard let hash = secret.hash.password else { continue }
            if registry.remembered.holds(code, for: hash) && secret.isCurrent(at: now) { matches = true }
            work.comparisons += 1
            remaining -= 1
        }
        while remaining > 0 {
            _ = registry.remembered.holds(code, for: registry.decoys.passwords[0][0])
            work.comparisons += 1
            remaining -= 1
        }
        return matches
    }

    /// Tries the password hashes of a client. Each cost that the registry has is tried as often as for the client with
    /// the most hashes of that cost, with decoys in place of those that this client does not have.
    fileprivate init?(
        slowly credentials: SecretCredentials, in registry: ClientRegistry, now: NumericDate,
        work: inout AuthenticationCost
    ) throws(LibcryptoError) {
        for reading in credentials.readings {
            let client = registry[reading.clientID]
            let secrets = client?.secrets ?? []
            for decoys in registry.decoys.passwords {
                var remaining = decoys.count
                for secret in secrets {
                    guard let hash = secret.hash.password, hash.cost == decoys[0].cost else { continue }
                    let matches = try hash.matches(reading.secret)
                    work.derivations[hash.cost, default: 0] += 1
                    remaining -= 1
                    guard matches, secret.isCurrent(at: now), let client, client.accepts(credentials.method) else {
                        continue
                    }
                    if let code = try? registry.remembered.code(for: reading.secret) {
                        registry.remembered.remember(code, for: hash)
                    }
                    self.init(client, credentials.method)
                    return
                }
                for decoy in decoys.prefix(remaining) {
                    _ = try decoy.matches(reading.secret)
                    work.derivations[decoy.cost, default: 0] += 1
                }
            }
        }
        return nil
    }
}

/// Credentials that only password hashes can tell to be good, or not.
package struct PendingPasswordCheck: Sendable {
    private let credentials: SecretCredentials
    private let registry: ClientRegistry
    private let now: NumericDate

    init(_ credentials: SecretCredentials, _ registry: ClientRegistry, now: NumericDate) {
        self.credentials = credentials
        self.registry = registry
        self.now = now
    }

    /// Takes milliseconds to seconds, on the thread that it is called on. A secret that is right is remembered.
    package func run() throws(TokenError) -> AuthenticatedClient {
        var work = AuthenticationCost()
        return try run(work: &work)
    }

    func run(work: inout AuthenticationCost) throws(TokenError) -> AuthenticatedClient {
        let match: MatchedSecret?
        do throws(LibcryptoError) {
            match = try MatchedSecret(slowly: credentials, in: registry, now: now, work: &work)
        } catch {
            // As where there is no memory for it: nobody knows whether the secret is wrong.
            throw .serverError
        }
        guard let match else { throw .invalidClient }
        return AuthenticatedClient(match)
    }
}
