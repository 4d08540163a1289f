public import AccessToken
import JOSE
import Libcrypto
public import OAuth
import SystemPackage

/// Reads keys and clients and makes snapshots of them. It remembers which keys it has met, so that one that appears
/// unannounced is held back.
public struct SnapshotLoader: Sendable {
    private let configuration: ServiceConfiguration
    private let timing: KeyTiming
    private var announcements: [SignatureAlgorithm: KeyAnnouncements] = [:]

    /// - Parameter configuration: says where keys and clients are; nothing is read yet.
    public init(_ configuration: ServiceConfiguration, timing: KeyTiming = .standard) {
        self.configuration = configuration
        self.timing = timing
    }

    /// - Throws: everything that is wrong with keys and clients, at once.
    public mutating func load(now: NumericDate) throws(InvalidConfiguration) -> Snapshot {
        var problems: [Problem] = []
        let loaded = Self.collect(&problems) { () throws(InvalidConfiguration) in try configuration.keys.load() }
        let clients = Self.collect(&problems) { () throws(InvalidConfiguration) in
            try ClientsFile(reading: configuration.clientsFile).clients
        }
        var turns: [SigningTurn]?
        var scheduled: ScheduledKeys?
        var announcements = announcements
        if let loaded {
            let keys = ScheduledKeys(
                loaded, policy: configuration.policy, longestLifetime: configuration.longestLifetime(of: clients ?? []),
                now: now, timing: timing
            ) { algorithm, keys, now, retention in
                announcements[algorithm, default: KeyAnnouncements(announcement: timing.announcement)]
                    .schedule(keys, now: now, retention: retention)
            }
            scheduled = keys
            turns = Self.collect(&problems) { () throws(InvalidConfiguration) in try signingTurns(of: keys) }
        }
        guard let clients, let scheduled, let turns, problems.isEmpty else { throw InvalidConfiguration(problems) }
        do throws(LibcryptoError) {
            let snapshot = Snapshot(
                policy: configuration.policy, clients: try ClientRegistry(clients),
                longestLifetime: configuration.longestLifetime(of: clients), keys: scheduled.keys,
                nextChange: scheduled.nextChange, signingTurns: turns, documents: try documents(for: scheduled))
            self.announcements = announcements
            return snapshot
        } catch {
            throw InvalidConfiguration([Problem(place, "\(error)")])
        }
    }

    private func signingTurns(of keys: ScheduledKeys) throws(InvalidConfiguration) -> [SigningTurn] {
        let name = configuration.algorithm.name
        guard keys.keys.contains(where: { $0.state == .signing }) else {
            throw InvalidConfiguration([
                Problem(
                    place, "holds no key that can sign \(name) now",
                    hint: "`writ keys generate --algorithm \(name)` makes one")
            ])
        }
        do throws(InvalidValue) { return try keys.signingTurns(configuration.policy) } catch {
            throw InvalidConfiguration([Problem(place, error.description)])
        }
    }

    private func documents(for keys: ScheduledKeys) throws(LibcryptoError) -> [String: StaticDocument] {
        let keySet = try StaticDocument(
            keys.published.json(), mediaType: "application/jwk-set+json", maximumAge: timing.keySetMaximumAge)
        let metadata = ServerMetadata(issuer: configuration.issuer, endpoints: configuration.endpoints)
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

    /// The result of `body`; or nil, with its problems added to the others.
    private static func collect<Value>(
        _ problems: inout [Problem], _ body: () throws(InvalidConfiguration) -> Value
    ) -> Value? {
        do throws(InvalidConfiguration) { return try body() } catch {
            problems += error.problems
            return nil
        }
    }
}

extension ServiceConfiguration {
    /// The longest that an access token can live.
    public func longestLifetime(of clients: [Client]) -> Duration {
        clients.compactMap(\.accessTokenLifetime).reduce(accessTokenLifetime, max)
    }
}
