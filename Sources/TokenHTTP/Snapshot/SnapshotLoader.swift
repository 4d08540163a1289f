public import AccessToken
import JOSE
import Libcrypto
public import OAuth
import SystemPackage

/// Reads keys and clients and makes a snapshot of them.
public struct SnapshotLoader: Sendable {
    private let configuration: ServiceConfiguration

    /// Reads nothing yet; every ``load(now:)`` reads both anew.
    public init(_ configuration: ServiceConfiguration) {
        self.configuration = configuration
    }

    /// - Throws: everything that is wrong with keys and clients, at once.
    public func load(now: NumericDate) throws(InvalidConfiguration) -> Snapshot {
        var problems: [Problem] = []
        let keys = Self.collect(&problems) { () throws(InvalidConfiguration) in try folder.load() }
        let clients = Self.collect(&problems) { () throws(InvalidConfiguration) in
            try ClientsFile(reading: configuration.clientsFile).clients
        }
        var signingKey: SigningKey?
        var scheduled: [ScheduledKey] = []
        if let keys {
            scheduled = schedule(keys, now: now, longestLifetime: longestLifetime(of: clients ?? []))
            signingKey = Self.collect(&problems) { () throws(InvalidConfiguration) in try self.signingKey(of: scheduled)
            }
        }
        guard let clients, let signingKey, problems.isEmpty else { throw InvalidConfiguration(problems) }
        do {
            return Snapshot(
                policy: configuration.policy, clients: try ClientRegistry(clients), signingKey: signingKey,
                keys: scheduled, documents: try documents(for: scheduled))
        } catch {
            throw InvalidConfiguration([Problem(place, "\(error)")])
        }
    }

    /// What every key of the folder does at `now`. Keys of one type follow one another; a `.pub.pem` is always
    /// published.
    public func schedule(_ keys: [LoadedKey], now: NumericDate, longestLifetime: Duration) -> [ScheduledKey] {
        let signing = keys.filter { $0.name.content == .signing }
        var scheduled = keys.filter { $0.name.content == .verifying }.map {
            ScheduledKey(key: $0, state: .published, until: nil)
        }
        for (_, chain) in Dictionary(grouping: signing, by: \.algorithm) {
            let schedule = KeySchedule(
                chain.map(\.name), now: now, retention: longestLifetime + Snapshot.retentionLeeway)
            for entry in schedule.entries {
                guard let key = chain.first(where: { $0.name == entry.name }) else { continue }
                // Only the chain of the configured algorithm signs; the newest of another is merely published.
                let state: KeySchedule.State =
                    entry.state == .signing && key.algorithm != configuration.algorithm ? .published : entry.state
                scheduled.append(ScheduledKey(key: key, state: state, until: entry.until))
            }
        }
        return scheduled.sorted { $0.key.name < $1.key.name }
    }

    /// The longest that a token can live.
    public func longestLifetime(of clients: [Client]) -> Duration {
        clients.compactMap(\.accessTokenLifetime).reduce(configuration.accessTokenLifetime, max)
    }

    private func signingKey(of keys: [ScheduledKey]) throws(InvalidConfiguration) -> SigningKey {
        let name = configuration.algorithm.name
        guard let scheduled = keys.first(where: { $0.state == .signing }),
            case .signing(let privateKey) = scheduled.key.material
        else {
            throw InvalidConfiguration([
                Problem(
                    place, "holds no key that can sign \(name) now",
                    hint: "`writ keys generate --algorithm \(name)` makes one")
            ])
        }
        do throws(InvalidValue) {
            return try SigningKey(privateKey, keyID: scheduled.key.keyID, algorithm: scheduled.key.algorithm)
        } catch {
            throw InvalidConfiguration([Problem(place, error.description)])
        }
    }

    private func documents(for keys: [ScheduledKey]) throws(LibcryptoError) -> [String: StaticDocument] {
        let published = JWKSet(keys.filter { $0.state != .expired }.map(\.key.jwk))
        let keySet = try StaticDocument(published.json(), mediaType: "application/jwk-set+json")
        let metadata = ServerMetadata(issuer: configuration.issuer, endpoints: configuration.endpoints)
        let metadataDocument = try StaticDocument(metadata.json, mediaType: "application/json")
        var documents = Dictionary(uniqueKeysWithValues: metadata.paths.map { ($0, metadataDocument) })
        documents[configuration.endpoints.keySet] = keySet
        documents["/.well-known/jwks.json"] = keySet
        return documents
    }

    private var folder: KeysFolder {
        KeysFolder(configuration.keysFolder, algorithm: configuration.algorithm)
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
