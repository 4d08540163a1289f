public import AccessToken
public import CoreMetrics
public import JOSE
public import Logging
public import RemoteKeys
import WireText

/// Where a verifier gets the issuer's public keys. Verifiers that share a source share its keys.
///
/// Sources that fetch do so when a token needs it, refresh the keys before they expire, and use them for a day (by default)
/// while their server is down. As a service of `swift-service-lifecycle` they fetch at the start and need no token for it.
public struct KeySource: Sendable {
    enum Kind {
        case fixed(CachedDocument<JWKSet>)
        case remote(RemoteDocument<JWKSet>)
    }

    let kind: Kind
    /// `nil` for keys that are not fetched.
    let telemetry: KeySourceTelemetry?

    /// A set that does not change.
    public static func fixed(_ keys: JWKSet) -> KeySource {
        KeySource(kind: .fixed(CachedDocument(value: keys)), telemetry: nil)
    }

    /// A set that the caller fetches.
    package static func remote(_ keys: RemoteDocument<JWKSet>) -> KeySource {
        KeySource(kind: .remote(keys), telemetry: nil)
    }

    /// A set that is fetched in a way of the program's own.
    ///
    /// - Parameters:
    ///   - name: identifies the source in logs and metrics, and must be the same for its life.
    ///   - caching: how long keys are used while they cannot be fetched.
    ///   - logger: gets a warning for each fetch that failed, even if older keys can still be used.
    ///   - metrics: see Observability in the documentation.
    ///   - timeLimit: after it, the task of `fetch` is cancelled and the fetch has failed. A `fetch` that ignores the
    ///     cancellation keeps others from beginning.
    ///   - fetch: fetches the set once. ``JWKSet/init(reading:)`` reads a JWK Set.
    public static func fetching(
        named name: String, caching: DocumentCaching = .standard, logger: Logger = .tokenVerifier,
        metrics: any MetricsFactory = MetricsSystem.factory, timeLimit: Duration = .seconds(15),
        _ fetch: @escaping @Sendable () async throws -> FetchedDocument<JWKSet>
    ) -> KeySource {
        fetching(named: name, caching: caching, logger: logger, metrics: metrics, limited: timeLimit, fetch)
    }

    /// - Parameter limit: `nil` for a fetch that has a limit of its own.
    private static func fetching(
        named name: String, caching: DocumentCaching, logger: Logger, metrics: any MetricsFactory,
        limited limit: Duration?,
        _ fetch: @escaping @Sendable () async throws -> FetchedDocument<JWKSet>
    ) -> KeySource {
        let telemetry = KeySourceTelemetry(source: name, logger: logger, metrics: metrics)
        let keys = RemoteDocument.keySet(caching: caching, reportFailure: telemetry.failed) {
            () throws(DocumentFetchError) in
            let fetched: FetchedDocument<JWKSet>
            do {
                if let limit {
                    fetched = try await Deadline.race(limit, fetch)
                } else {
                    fetched = try await fetch()
                }
            } catch {
                throw error as? DocumentFetchError ?? DocumentFetchError(.unreachable, "\(error)")
            }
            guard !fetched.value.keys.isEmpty else { throw DocumentFetchError(.empty) }
            telemetry.fetched(fetched.value)
            return fetched
        }
        return KeySource(kind: .remote(keys), telemetry: telemetry)
    }

    /// The set behind a URL.
    ///
    /// - Parameters:
    ///   - settings: certificate authorities, headers, proxy and time limit.
    ///   - caching: how long keys are used while they cannot be fetched.
    ///   - logger: gets a warning for each fetch that failed, even if older keys can still be used.
    ///   - metrics: see Observability in the documentation.
    /// - Throws: ``DocumentFetchError/Code/insecureURL``. Nothing is fetched yet.
    public static func url(
        _ url: String, settings: FetchSettings = .standard, caching: DocumentCaching = .standard,
        logger: Logger = .tokenVerifier, metrics: any MetricsFactory = MetricsSystem.factory
    ) throws(DocumentFetchError) -> KeySource {
        let download = try DocumentDownload(url: url, settings: settings)
        // A query may have a secret.
        let name = Octets(url).split(at: "?").head.text
        return fetching(named: name, caching: caching, logger: logger, metrics: metrics, limited: nil) {
            try await download.fetchKeySet()
        }
    }

    /// The set that the issuer's metadata names: RFC 8414, or OpenID Connect Discovery 1.0.
    ///
    /// - Parameters:
    ///   - settings: certificate authorities, headers, proxy and time limit, for the metadata and for the keys.
    ///   - caching: how long keys are used while they cannot be fetched.
    ///   - logger: gets a warning for each fetch that failed, even if older keys can still be used.
    ///   - metrics: see Observability in the documentation.
    public static func discovery(
        from issuer: Issuer, settings: FetchSettings = .standard, caching: DocumentCaching = .standard,
        logger: Logger = .tokenVerifier, metrics: any MetricsFactory = MetricsSystem.factory
    ) -> KeySource {
        let http = OutgoingHTTP(settings)
        return fetching(
            named: issuer.description, caching: caching, logger: logger, metrics: metrics, limited: nil
        ) {
            try await IssuerMetadata.discover(issuer, through: http).keySet.fetchKeySet()
        }
    }

    /// The set in a file. It is read again every minute, and at once if it lacks a key.
    ///
    /// - Parameters:
    ///   - caching: how long keys are used while the file cannot be read.
    ///   - logger: gets a warning each time that the file cannot be read, even if older keys can still be used.
    ///   - metrics: see Observability in the documentation.
    public static func file(
        _ path: String, caching: DocumentCaching = DocumentCaching(coolDown: .seconds(1)),
        logger: Logger = .tokenVerifier, metrics: any MetricsFactory = MetricsSystem.factory
    ) -> KeySource {
        fetching(named: path, caching: caching, logger: logger, metrics: metrics) {
            FetchedDocument(try await JWKSet.read(file: path), maximumAge: .seconds(60))
        }
    }
}

extension Logger {
    /// The logger with the label `TokenVerifier`, of the logging system that the program has chosen.
    public static var tokenVerifier: Logger { Logger(label: "TokenVerifier") }

    /// A logger that drops everything, for a program that reports the error of a verification itself.
    package static var silent: Logger { Logger(label: "TokenVerifier") { _ in SwiftLogNoOpLogHandler() } }
}
