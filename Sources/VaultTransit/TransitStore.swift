package import JOSE
import Libcrypto
package import OAuth
package import RemoteKeys

/// Keys in the Transit engine of HashiCorp Vault or OpenBao, over its HTTP API.
///
/// Each URI names its server. All servers get the same token, or the same login.
package final class TransitStore: RemoteKeyStore {
    private let server: VaultServer
    private let tokens: VaultTokens
    private let keys: TransitKeys
    private let limit: Duration

    /// - Parameters:
    ///   - authorities: the certificate authorities for Vault, in place of all others.
    ///   - namespace: `X-Vault-Namespace`, visible ASCII; `nil` for the root namespace.
    ///   - limit: the time for one call with all its requests, a login included.
    package convenience init(
        http: OutgoingHTTP, authorities: CertificateAuthorities?, login: VaultLogin, limit: Duration,
        namespace: String? = nil
    ) {
        self.init(
            VaultServer(http: http, authorities: authorities, namespace: namespace, limit: limit), login,
            now: { .now })
    }

    /// - Parameter now: a monotonic clock.
    init(_ server: VaultServer, _ login: VaultLogin, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        let tokens = VaultTokens(login, server, now: now)
        self.server = server
        self.tokens = tokens
        limit = server.limit
        keys = TransitKeys(now: now) { (uri) throws(RemoteKeyError) in
            do throws(VaultFault) { return try await TransitStore.read(uri, server, tokens) } catch {
                throw error.error
            }
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
        return try await limited(uri) { () throws(RemoteKeyError) in
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
        return try await limited(uri) { () throws(RemoteKeyError) in
            do throws(VaultFault) { return try await self.makeVersion(of: uri, for: algorithm, type) } catch {
                throw error.error
            }
        }
    }

    /// See ``RemoteKeyStore``.
    package func key(at uri: KeyURI) async throws(RemoteKeyError) -> RemoteKey {
        let uri = try Self.transitURI(of: uri)
        return try await limited(uri) { () throws(RemoteKeyError) in
            let key: TransitKey
            do throws(VaultFault) { key = try await Self.read(uri, self.server, self.tokens) } catch {
                throw error.error
            }
            return RemoteKey(.vault(uri), try key.newest())
        }
    }

    /// Nothing is open but connections, which all requests of the process share.
    package func close() async {}

    /// Removes nothing: Transit deletes a key with all its versions or not at all, and an earlier version may sign. A version that
    /// never signs does no harm.
    package func discard(_ key: RemoteKey) async {}

    private func sign(_ input: TransitInput, _ uri: TransitKeyURI, version: Int) async throws(VaultFault) -> [UInt8] {
        let answer = try await Self.call(.sign(input, uri, version: version), uri, server, tokens)
        guard let text = answer["data"]?.object?["signature"]?.string,
            let signature = input.signature(in: text, version: version)
        else { throw .malformed("its answer has no signature of version \(version)", uri.origin) }
        return signature
    }

    private func makeVersion(
        of uri: TransitKeyURI, for algorithm: SignatureAlgorithm, _ type: String
    ) async throws(VaultFault) -> RemoteKey {
        var earlier: TransitKey?
        do throws(VaultFault) { earlier = try await Self.read(uri, server, tokens) } catch {
            // If there is no such engine either, the next request says so.
            guard error.status == 404 else { throw error }
        }
        if let earlier {
            do throws(RemoteKeyError) { try earlier.checkNextVersion(for: algorithm) } catch { throw VaultFault(error) }
            _ = try await Self.call(.rotateKey(uri), uri, server, tokens)
        } else {
            _ = try await Self.call(.createKey(uri, type: type), uri, server, tokens)
        }
        // Old versions of Vault answer these requests without the key. Another process may have made it meanwhile.
        let key = try await Self.read(uri, server, tokens)
        guard key.latestVersion > earlier?.latestVersion ?? 0 else {
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

    private static func read(
        _ uri: TransitKeyURI, _ server: VaultServer, _ tokens: VaultTokens
    ) async throws(VaultFault) -> TransitKey {
        let answer = try await call(.readKey(uri), uri, server, tokens)
        guard let key = answer["data"]?.object.flatMap({ TransitKey($0, uri) }) else {
            throw .malformed("its answer describes no key", uri.origin)
        }
        return key
    }

    /// Sends a request, and once more with another token if Vault refuses the first.
    private static func call(
        _ request: VaultRequest, _ uri: TransitKeyURI, _ server: VaultServer, _ tokens: VaultTokens
    ) async throws(VaultFault) -> JSONObject {
        let fault: VaultFault
        let token: VaultToken
        do throws(RemoteKeyError) { token = try await tokens.token(for: uri.origin) } catch { throw VaultFault(error) }
        do throws(VaultFault) { return try await server.send(request, to: uri.origin, with: token) } catch {
            fault = error
        }
        guard fault.status == 403 else { throw fault }
        let other: VaultToken?
        do throws(RemoteKeyError) { other = try await tokens.replacement(of: token, for: uri.origin) } catch {
            throw VaultFault(error)
        }
        guard let other else { throw fault }
        return try await server.send(request, to: uri.origin, with: other)
    }

    private func limited<Value: Sendable>(
        _ uri: TransitKeyURI, _ body: @escaping @Sendable () async throws(RemoteKeyError) -> Value
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
