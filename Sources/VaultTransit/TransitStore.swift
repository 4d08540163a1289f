package import JOSE
import Libcrypto
package import OAuth
package import RemoteKeys

/// Keys in the Transit engine of HashiCorp Vault or OpenBao, over its HTTP API.
///
/// Each URI names its server. All servers get the same token, or the same login.
package final class TransitStore: RemoteKeyStore {
    /// The time for one call that makes or finds a key: Vault can take seconds for one of RSA.
    private static let limitForKeys: Duration = .seconds(30)

    private let signing: VaultAccess
    private let making: VaultAccess
    private let keys: TransitKeys

    /// - Parameters:
    ///   - authorities: the certificate authorities for Vault, in place of all others.
    ///   - namespace: `X-Vault-Namespace`, visible ASCII; `nil` for the root namespace.
    ///   - limit: the time for one signature with all its requests, a login included. Other calls have 30 seconds.
    package convenience init(
        http: OutgoingHTTP, authorities: CertificateAuthorities?, login: VaultLogin, limit: Duration,
        namespace: String? = nil
    ) {
        self.init(
            VaultServer(http: http, authorities: authorities, namespace: namespace), login, limit: limit, now: { .now })
    }

    /// - Parameter now: a monotonic clock.
    init(
        _ server: VaultServer, _ login: VaultLogin, limit: Duration,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        let tokens = VaultTokens(login, server, now: now)
        let signing = VaultAccess(server: server, tokens: tokens, limit: limit)
        self.signing = signing
        making = VaultAccess(server: server, tokens: tokens, limit: Self.limitForKeys)
        keys = TransitKeys(now: now) { (uri) throws(RemoteKeyError) in
            do throws(VaultFault) { return try await signing.read(uri, isPinned: true) } catch { throw error.error }
        }
    }

    /// See ``RemoteKeyStore``. The version that signs is the one whose public half is pinned.
    package func sign(
        _ message: [UInt8], with key: RemoteKey, _ algorithm: SignatureAlgorithm
    ) async throws(RemoteKeyError) -> [UInt8] {
        let uri = try Self.transitURI(of: key.uri)
        let publicKey = key.publicKey
        guard algorithm.accepts(publicKey.type) else {
            throw RemoteKeyError(.unsupported, "the key that is pinned for \(uri) does not sign \(algorithm)")
        }
        let input = try TransitInput(message, algorithm)
        return try await limited(uri, signing.limit) { () throws(RemoteKeyError) in
            let version = try await self.keys.version(of: publicKey, at: uri)
            let fault: VaultFault
            do throws(VaultFault) { return try await self.sign(input, uri, version: version) } catch { fault = error }
            // For a version that is gone OpenBao 2.7 answers 500, and other releases 400.
            guard fault.status == 400 || fault.status == 500 else { throw fault.error }
            let current = try await self.keys.version(of: publicKey, at: uri, isReload: true)
            guard current != version else { throw fault.error }
            do throws(VaultFault) { return try await self.sign(input, uri, version: current) } catch {
                throw error.error
            }
        }
    }

    /// See ``RemoteKeyStore``. A key that is there gets a new version, if it is of the same kind and cannot be exported.
    package func makeKey(
        at uri: KeyURI, for algorithm: SignatureAlgorithm, named name: String
    ) async throws(RemoteKeyError) -> RemoteKey {
        let uri = try Self.transitURI(of: uri)
        guard let type = algorithm.transitKeyType else {
            throw RemoteKeyError(.unsupported, "Transit gets no keys for \(algorithm)")
        }
        return try await limited(uri, making.limit) { () throws(RemoteKeyError) in
            do throws(VaultFault) { return try await self.makeVersion(of: uri, for: algorithm, type) } catch {
                throw error.error
            }
        }
    }

    /// See ``RemoteKeyStore``. A key that Transit can give out is accepted, unlike in ``makeKey(at:for:named:)``: `exportable` and
    /// `allow_plaintext_backup` are decisions of who made it, and are not checked.
    package func key(at uri: KeyURI) async throws(RemoteKeyError) -> RemoteKey {
        let uri = try Self.transitURI(of: uri)
        return try await limited(uri, making.limit) { () throws(RemoteKeyError) in
            let key: TransitKey
            do throws(VaultFault) { key = try await self.making.read(uri) } catch { throw error.error }
            return RemoteKey(.vault(uri), try key.newest())
        }
    }

    /// Nothing is open but connections, which all requests of the process share, and the thread for files, which ends with the store.
    package func close() async {}

    /// Removes nothing: Transit deletes a key with all its versions or not at all, and an earlier version may sign. A version that
    /// never signs does no harm.
    package func discard(_ key: RemoteKey) async {}

    private func sign(_ input: TransitInput, _ uri: TransitKeyURI, version: Int) async throws(VaultFault) -> [UInt8] {
        let answer = try await signing.send(.sign(input, uri, version: version), about: uri)
        guard let text = answer["data"]?.object?["signature"]?.string,
            let signature = input.signature(in: text, version: version)
        else { throw .malformed("its answer has no signature of version \(version)", uri.origin) }
        return signature
    }

    private func makeVersion(
        of uri: TransitKeyURI, for algorithm: SignatureAlgorithm, _ type: String
    ) async throws(VaultFault) -> RemoteKey {
        // If there is no such engine either, the next request says so.
        let earlier = try await making.readIfPresent(uri)
        if let earlier {
            do throws(RemoteKeyError) { try earlier.checkNextVersion(for: algorithm) } catch { throw VaultFault(error) }
            _ = try await making.send(.rotateKey(uri), about: uri)
        } else {
            _ = try await making.send(.createKey(uri, type: type), about: uri)
        }
        // Old versions of Vault answer these requests without the key. Another process may have made it meanwhile.
        guard let key = try await making.readIfPresent(uri), key.latestVersion > earlier?.latestVersion ?? 0 else {
            throw VaultFault(
                RemoteKeyError(
                    .unavailable, "Vault at \(uri.origin) shows no new version of \(uri.name) yet",
                    hint: "a standby may be behind: writ keys adopt \(uri) takes the new version when it is there"))
        }
        do throws(RemoteKeyError) {
            try key.checkNextVersion(for: algorithm)
            return RemoteKey(.vault(uri), try key.newest())
        } catch {
            throw VaultFault(error)
        }
    }

    private func limited<Value: Sendable>(
        _ uri: TransitKeyURI, _ limit: Duration, _ body: @escaping @Sendable () async throws(RemoteKeyError) -> Value
    ) async throws(RemoteKeyError) -> Value {
        do { return try await Deadline.race(limit) { try await body() } } catch let error as RemoteKeyError {
            // What is cancelled fails in many ways.
            throw Task.isCancelled ? RemoteKeyError.cancelled : error
        } catch is Deadline.Exceeded {
            throw RemoteKeyError(.timedOut, "Vault at \(uri.origin) gave no answer within \(limit)")
        } catch {
            throw .cancelled
        }
    }

    private static func transitURI(of uri: KeyURI) throws(RemoteKeyError) -> TransitKeyURI {
        guard case .vault(let uri) = uri else { throw RemoteKeyError(.notConfigured, "\(uri) is no key of Vault") }
        return uri
    }
}
