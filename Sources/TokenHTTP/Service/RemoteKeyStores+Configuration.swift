package import OAuth
import PKCS11
import RemoteKeys
package import ServiceFiles
import SystemPackage
import VaultTransit

extension RemoteKeyStores {
    /// The places of `pkcs11` and `vault`. None of them is reached yet.
    package init(_ configuration: ServiceConfiguration) {
        let settings = configuration.keyPlaces
        var stores: [KeyURI.Place: any RemoteKeyStore] = [:]
        if let module = settings.pkcs11?.module {
            stores[.pkcs11] = PKCS11Store(
                module: module.string, threadLimit: settings.inFlight
            ) { try configuration.pin() }
        }
        if let vault = settings.vault, let login = VaultLogin(vault, configuration) {
            stores[.vault] = TransitStore(
                http: OutgoingHTTP(configuration),
                authorities: configuration.vaultAuthorities.map { CertificateAuthorities($0) }, login: login,
                limit: settings.wait, namespace: vault.namespace)
        }
        self.init(stores)
    }

    /// Runs `body`, and ends what was begun in the places, whatever becomes of it.
    package func closing<Result>(_ body: () async throws -> Result) async throws -> Result {
        let result: Result
        do { result = try await body() } catch {
            await close(within: .seconds(2))
            throw error
        }
        await close(within: .seconds(2))
        return result
    }

    /// Ends what was begun in the places, and waits for that no longer than `limit`: a call into a module may hang.
    private func close(within limit: Duration) async {
        let (events, event) = AsyncStream<Void>.makeStream()
        Task {
            await close()
            event.yield()
        }
        let end = Task {
            if (try? await Task.sleep(for: limit)) != nil { event.yield() }
        }
        for await _ in events { break }
        end.cancel()
    }

    /// Runs `body` with these places, and gives it up after a minute: a module may hang. An RSA key takes a device many seconds.
    package func withinLimit<Result: Sendable>(
        _ body: @escaping @Sendable (RemoteKeyStores) async throws(RemoteKeyError) -> Result
    ) async throws(RemoteKeyError) -> Result {
        do { return try await Deadline.race(.seconds(60)) { try await body(self) } } catch {
            throw error as? RemoteKeyError ?? RemoteKeyError(.timedOut, "there was no answer in a minute")
        }
    }
}

extension VaultLogin {
    fileprivate init?(_ settings: KeyPlacesSettings.Vault, _ configuration: ServiceConfiguration) {
        if let file = settings.tokenFile {
            self = .tokenFile { try configuration.vaultToken(in: file) }
        } else if let role = settings.kubernetesRole, let file = settings.kubernetesTokenFile,
            let mount = settings.kubernetesMount
        {
            self = .kubernetes(
                role: role, readToken: { try configuration.serviceAccountToken(in: file) }, mount: mount)
        } else {
            return nil
        }
    }
}
