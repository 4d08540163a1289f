import AccessToken
import JOSE

/// Fetches a JWK Set over HTTP, once.
public struct KeySetFetcher: Sendable {
    /// What a set of which nothing is said is worth.
    static let defaultMaximumAge: Duration = .seconds(300)

    private let url: String
    private let timeout: Duration

    /// - Throws: ``KeySetFetchError/insecureURL``; nothing is fetched yet.
    public init(url: String) throws(KeySetFetchError) {
        try self.init(url: url, timeout: BoundedDownload.timeout)
    }

    package init(url: String, timeout: Duration) throws(KeySetFetchError) {
        guard TransportSecurity.isAcceptable(url) else { throw .insecureURL }
        self.url = url
        self.timeout = timeout
    }

    /// Sends one GET; nothing is kept and nothing tried again.
    public func fetch() async throws(KeySetFetchError) -> FetchedKeySet {
        let download = try await BoundedDownload(url, timeout: timeout)
        do throws(JWKSetError) {
            return FetchedKeySet(
                keys: try JWKSet(reading: download.body), maximumAge: download.maximumAge ?? Self.defaultMaximumAge)
        } catch {
            throw .notAKeySet(error)
        }
    }
}
