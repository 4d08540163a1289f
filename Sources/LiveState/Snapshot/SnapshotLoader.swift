package import AccessToken
import JOSE
import Libcrypto
package import OAuth
package import ServiceFiles
import SystemPackage

/// Reads keys and clients and makes snapshots of them. It keeps the set of keys that it has seen, so that a key that
/// appears without an announcement is held back.
package struct SnapshotLoader: Sendable {
    private let configuration: ServiceConfiguration
    private let timing: KeyTiming
    /// Whether `keys_rotation` will make a missing sealing key, so that its absence is no error.
    private let expectsSealingKey: Bool
    private var announcements: [KeyChain.Purpose: KeyAnnouncements] = [:]

    /// - Parameter configuration: names the files of keys and clients; no file is read yet.
    package init(_ configuration: ServiceConfiguration, timing: KeyTiming = .standard) {
        self.init(configuration, timing: timing, expectsSealingKey: false)
    }

    /// - Parameter expectsSealingKey: whether `keys_rotation` will make a missing sealing key, so that its absence is
    ///   no error.
    package init(_ configuration: ServiceConfiguration, timing: KeyTiming = .standard, expectsSealingKey: Bool) {
        self.configuration = configuration
        self.timing = timing
        self.expectsSealingKey = expectsSealingKey
    }

    /// - Throws: all problems with keys and clients at once.
    package mutating func load(now: NumericDate) throws(InvalidConfiguration) -> Snapshot {
        var problems: [Problem] = []
        let loaded = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.keys.load()
        }
        let loadedSealing = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            configuration.keys.exists ? try configuration.keys.loadSealing() : []
        }
        let clients = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try ClientsFile(reading: configuration.clientsFile).clients
        }
        var signingKeys: [ScheduledSigningKey]?
        var scheduled: ScheduledKeys?
        var announcements = announcements
        let lifetimes = configuration.lifetimes(of: clients ?? [])
        if let loaded, let loadedSealing {
            let keys = ScheduledKeys(
                loaded, sealing: loadedSealing, policy: configuration.policy, lifetimes: lifetimes, now: now,
                timing: timing
            ) { purpose, keys, retention in
                announcements[purpose, default: KeyAnnouncements(announcement: timing.announcement)]
                    .schedule(keys, now: now, retention: retention)
            }
            scheduled = keys
            signingKeys = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
                try self.signingKeys(of: keys)
            }
            InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
                try checkSealing(keys, for: clients ?? [])
            }
        }
        guard let clients, let scheduled, let signingKeys, problems.isEmpty else {
            throw InvalidConfiguration(problems)
        }
        do {
            let snapshot = try snapshot(of: scheduled, signingKeys, ClientRegistry(clients), lifetimes)
            self.announcements = announcements
            return snapshot
        } catch {
            throw InvalidConfiguration([Problem(place, "\(error)")])
        }
    }

    private func snapshot(
        of scheduled: ScheduledKeys, _ signingKeys: [ScheduledSigningKey], _ clients: ClientRegistry,
        _ lifetimes: TokenLifetimes
    ) throws -> Snapshot {
        let policy = configuration.policy
        let sealer = RefreshTokenSealer(
            issuer: configuration.issuer, turns: scheduled.sealing.compactMap(\.scheduled))
        return Snapshot(
            policy: policy, clients: clients, lifetimes: lifetimes, keys: scheduled.keys,
            sealingKeys: scheduled.sealing, sealer: sealer,
            inspector: try TokenInspector(
                keys: scheduled.published, signingKey: signingKeys[0].key, clients: clients, policy: policy,
                sealer: sealer),
            nextChange: scheduled.nextChange, signingKeys: signingKeys, documents: try documents(for: scheduled))
    }

    private func signingKeys(of keys: ScheduledKeys) throws(InvalidConfiguration) -> [ScheduledSigningKey] {
        let name = configuration.algorithm.name
        guard keys.keys.contains(where: { $0.state == .signing }) else {
            throw InvalidConfiguration([
                Problem(
                    place, "holds no key that can sign \(name) now",
                    hint: keys.keys.isEmpty
                        ? KeysFolder.hintWithoutKeys : "`writ keys generate --algorithm \(name)` makes one")
            ])
        }
        do throws(InvalidValue) { return try keys.signingKeys(configuration.policy) } catch {
            throw InvalidConfiguration([Problem(place, error.description)])
        }
    }

    /// If a client may refresh, a key must seal refresh tokens.
    private func checkSealing(_ keys: ScheduledKeys, for clients: [Client]) throws(InvalidConfiguration) {
        guard !expectsSealingKey, !keys.sealing.contains(where: { $0.state == .signing }),
            clients.contains(where: { $0.grantTypes.contains(.refreshToken) })
        else { return }
        throw InvalidConfiguration([
            Problem(
                place, "holds no key that can seal refresh tokens now, and there are clients with refresh_token",
                hint: "`writ keys rotate --sealing\(keys.sealing.isEmpty ? "" : " --now")` makes one")
        ])
    }

    private func documents(for keys: ScheduledKeys) throws(LibcryptoError) -> [String: StaticDocument] {
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

    private var place: Problem.Place {
        .file(configuration.keysFolder.string, line: nil)
    }
}
