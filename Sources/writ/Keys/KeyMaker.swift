import AccessToken
import ArgumentParser
import JOSE
import Libcrypto
import OAuth
import ServiceFiles
import TokenHTTP

/// Makes and finds keys in places outside of the keys folder.
struct KeyMaker {
    private let configuration: ServiceConfiguration
    private let stores: RemoteKeyStores
    /// Whether new keys are for the keys folder, and not for a Secret on standard output.
    private let writesToFolder: Bool

    init(_ configuration: ServiceConfiguration, writesToFolder: Bool = true) {
        self.writesToFolder = writesToFolder
        self.configuration = configuration
        stores = RemoteKeyStores(configuration)
    }

    /// Makes a key in the place that a URI names, and lets `use` write it to the folder. If it does not, the key is removed again.
    func withNewKey<Result>(
        at uri: KeyURI, for algorithm: SignatureAlgorithm, _ use: (RemoteKey) throws -> Result
    ) async throws -> Result {
        try configuration.checkKeyPlaces()
        if writesToFolder { try configuration.keys.checkWritable() }
        return try await stores.closing {
            let key = try await stores.withinLimit { stores async throws(RemoteKeyError) in
                try await stores.makeKey(at: uri, for: algorithm, named: RemoteKeyLabel.text(now: .now))
            }
            do { return try use(key) } catch {
                await stores.discard(key)
                throw error
            }
        }
    }

    /// The key that is there, and the algorithm that it is for: the configured one if it accepts the key.
    func existingKey(at uri: KeyURI) async throws -> (key: RemoteKey, algorithm: SignatureAlgorithm) {
        if case .pkcs11(let uri) = uri, !uri.namesToken {
            throw ValidationError("the URI names no token: the next key could not be made there (token=NAME)")
        }
        try configuration.checkKeyPlaces()
        return try await stores.closing {
            let key = try await stores.withinLimit { stores async throws(RemoteKeyError) in
                try await stores.key(at: uri)
            }
            let usable = configuration.profile.algorithms.filter { $0.accepts(key.publicKey.type) }
            guard let algorithm = usable.first(where: { $0 == configuration.algorithm }) ?? usable.first else {
                throw Failure("the key is of no kind that can sign access tokens here")
            }
            try await stores.withinLimit { stores async throws(RemoteKeyError) in
                try await stores.prove(key, algorithm)
            }
            return (key, algorithm)
        }
    }
}

/// The place of a new key: `--where`.
enum KeyPlace: String, ExpressibleByArgument, CaseIterable {
    case file
    case pkcs11
    case vault

    /// The URI of the place for the next key.
    ///
    /// - Parameters:
    ///   - place: `nil` for that of the newest key.
    ///   - keys: the keys of the chain, in the order in which they sign.
    /// - Returns: `nil` for a file.
    static func uri(_ place: KeyPlace?, after keys: [LoadedKey]) throws -> KeyURI? {
        let newest = keys.last?.remoteKey?.uri
        guard let place else { return newest?.placeOfNextKey }
        guard let kind = KeyURI.Place(rawValue: place.rawValue) else { return nil }
        guard let last = keys.compactMap(\.remoteKey?.uri).last(where: { $0.place == kind }) else {
            throw Failure(
                "--where \(place.rawValue): no key of the folder is there, so that the place has no address",
                hint: "writ keys generate --\(kind.rawValue) URI makes the first one there")
        }
        return last.placeOfNextKey
    }
}
