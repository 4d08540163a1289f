package import JOSE
import Libcrypto

/// The places that hold private keys, by their kind.
package struct RemoteKeyStores: RemoteKeyStore {
    private let stores: [KeyURI.Place: any RemoteKeyStore]

    /// - Parameter stores: those that the settings name.
    package init(_ stores: [KeyURI.Place: any RemoteKeyStore] = [:]) { self.stores = stores }

    package func sign(
        _ message: [UInt8], with key: RemoteKey, _ algorithm: SignatureAlgorithm
    ) async throws(RemoteKeyError) -> [UInt8] {
        let signature = try await store(of: key.uri).sign(message, with: key, algorithm)
        let isValid = (try? key.publicKey.isValid(signature.span, for: message.span, scheme: algorithm.scheme)) ?? false
        guard isValid else {
            throw RemoteKeyError(.wrongKey, "a signature does not verify with the public key that is pinned")
        }
        return signature
    }

    package func makeKey(
        at uri: KeyURI, for algorithm: SignatureAlgorithm, named name: String
    ) async throws(RemoteKeyError) -> RemoteKey {
        let key = try await store(of: uri).makeKey(at: uri, for: algorithm, named: name)
        // A key that makes no good signature must never be used.
        do throws(RemoteKeyError) { try await prove(key, algorithm) } catch {
            await discard(key)
            throw error
        }
        return key
    }

    package func key(at uri: KeyURI) async throws(RemoteKeyError) -> RemoteKey {
        try await store(of: uri).key(at: uri)
    }

    package func discard(_ key: RemoteKey) async {
        await stores[key.uri.place]?.discard(key)
    }

    package func close() async {
        for store in stores.values { await store.close() }
    }

    /// What a trial signs. It is no JWS, so that no verifier takes it for a token.
    package static let trialMessage = Array("Writ".utf8)

    /// Makes a signature that is used for nothing else, to find out whether the key signs.
    package func prove(_ key: RemoteKey, _ algorithm: SignatureAlgorithm) async throws(RemoteKeyError) {
        _ = try await sign(Self.trialMessage, with: key, algorithm)
    }

    private func store(of uri: KeyURI) throws(RemoteKeyError) -> any RemoteKeyStore {
        guard let store = stores[uri.place] else {
            throw RemoteKeyError(.notConfigured, uri.place.missingSettings, hint: uri.place.exampleOfSettings)
        }
        return store
    }
}

extension KeyURI.Place {
    /// What is wrong if there are keys in such a place, and the settings do not say how to reach it.
    package var missingSettings: String {
        switch self {
        case .pkcs11: "the settings name no PKCS#11 module"
        case .vault: "the settings have no login at Vault"
        }
    }

    /// The settings for the place.
    package var exampleOfSettings: String {
        switch self {
        case .pkcs11: "pkcs11: { module: /usr/lib/softhsm/libsofthsm2.so, pin_file: pin }"
        case .vault: "vault: { token_file: vault-token }"
        }
    }
}
