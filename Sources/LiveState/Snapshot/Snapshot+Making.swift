import JOSE
import Libcrypto
import OAuth
import ServiceFiles

extension Snapshot {
    /// - Parameter lifetimes: the longest lifetimes that keys are needed for.
    convenience init(
        _ configuration: ServiceConfiguration, _ clients: ClientRegistry, _ identities: IdentityRegistry,
        _ keys: KeysInForce.Keys, lifetimes: TokenLifetimes, timing: KeyTiming
    ) throws {
        let policy = configuration.policy
        let sealing = keys.scheduled.sealing.compactMap(\.scheduled)
        let sealer = RefreshTokenSealer(issuer: configuration.issuer, turns: sealing)
        let nonces = configuration.dpopNonce ? DPoPNonces(issuer: configuration.issuer, turns: sealing) : nil
        let use = ServerMetadata.Use(
            clients: clients, issuers: identities.all,
            bindsTokensToCertificates: configuration.bindsTokensToCertificates,
            listsStatus: configuration.listsStatus,
            offersRevocation: configuration.revocation && configuration.clients.canBeWritten)
        self.init(
            configuration: configuration, policy: policy, clients: clients, identities: identities,
            lifetimes: lifetimes, keys: keys.scheduled.keys, sealingKeys: keys.scheduled.sealing, sealer: sealer,
            proofs: try DPoPPolicy(
                ownKeys: keys.scheduled.published, nonces: nonces,
                alias: configuration.certificateOrigin.map { $0 + configuration.endpoints.token },
                profile: configuration.profile),
            inspector: try TokenInspector(
                keys: keys.scheduled.published, signingKey: keys.signing[0].key, clients: clients, policy: policy,
                sealer: sealer),
            nextChange: keys.scheduled.nextChange, signingKeys: keys.signing, metadataUse: use,
            documents: try Self.documents(keys.scheduled, configuration, use, timing))
    }

    private static func documents(
        _ keys: ScheduledKeys, _ configuration: ServiceConfiguration, _ use: ServerMetadata.Use, _ timing: KeyTiming
    ) throws(LibcryptoError) -> [String: StaticDocument] {
        let keySet = try StaticDocument(
            keys.published.json(), mediaType: "application/jwk-set+json", maximumAge: timing.keySetMaximumAge)
        var documents: [String: StaticDocument] = [:]
        for metadata in configuration.metadata.documents(use) {
            let document = try StaticDocument(
                metadata.json, mediaType: "application/json", maximumAge: timing.keySetMaximumAge)
            for path in metadata.paths { documents[path] = document }
        }
        documents[configuration.endpoints.keySet] = keySet
        documents["/.well-known/jwks.json"] = keySet
        return documents
    }
}
