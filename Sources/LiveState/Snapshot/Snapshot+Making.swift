import JOSE
import Libcrypto
import OAuth
import ServiceFiles

extension Snapshot {
    /// - Parameter lifetimes: the longest lifetimes that keys are needed for.
    convenience init(
        _ configuration: ServiceConfiguration, _ clients: ClientRegistry, _ keys: KeysInForce.Keys,
        lifetimes: TokenLifetimes, timing: KeyTiming
    ) throws {
        let policy = configuration.policy
        let sealer = RefreshTokenSealer(
            issuer: configuration.issuer, turns: keys.scheduled.sealing.compactMap(\.scheduled))
        self.init(
            configuration: configuration, policy: policy, clients: clients, lifetimes: lifetimes,
            keys: keys.scheduled.keys, sealingKeys: keys.scheduled.sealing, sealer: sealer,
            inspector: try TokenInspector(
                keys: keys.scheduled.published, signingKey: keys.signing[0].key, clients: clients, policy: policy,
                sealer: sealer),
            nextChange: keys.scheduled.nextChange, signingKeys: keys.signing,
            documents: try Self.documents(keys.scheduled, configuration, timing))
    }

    private static func documents(
        _ keys: ScheduledKeys, _ configuration: ServiceConfiguration, _ timing: KeyTiming
    ) throws(LibcryptoError) -> [String: StaticDocument] {
        let keySet = try StaticDocument(
            keys.published.json(), mediaType: "application/jwk-set+json", maximumAge: timing.keySetMaximumAge)
        let metadata = ServerMetadata(
            issuer: configuration.issuer, endpoints: configuration.endpoints, algorithm: configuration.algorithm)
        let metadataDocument = try StaticDocument(
            metadata.json, mediaType: "application/json", maximumAge: timing.keySetMaximumAge)
        var documents = Dictionary(
            metadata.paths.map { ($0, metadataDocument) }, uniquingKeysWith: { first, _ in first })
        documents[configuration.endpoints.keySet] = keySet
        documents["/.well-known/jwks.json"] = keySet
        return documents
    }
}
