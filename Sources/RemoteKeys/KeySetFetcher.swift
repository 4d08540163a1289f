public import AsyncHTTPClient
import JOSE
import NIOCore
import NIOHTTP1

/// Fetches a JWK Set over HTTP, once, with limits on size and time.
public struct KeySetFetcher: Sendable {
    /// The largest answer that is read, in octets.
    public static let maximumSize = 256 * 1024
    /// How long an answer may take.
    static let timeout: Duration = .seconds(5)
    /// What a set without `max-age` is worth.
    static let defaultMaximumAge: Duration = .seconds(300)

    private let url: String

    /// - Throws: ``KeySetFetchError/insecureURL``; nothing is fetched yet.
    public init(url: String) throws(KeySetFetchError) {
        guard TransportSecurity.isAcceptable(url) else { throw .insecureURL }
        self.url = url
    }

    /// A client that follows no redirects. It lives as long as the process.
    public static let httpClient: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(timeout.components.seconds)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Sends one GET; nothing is kept and nothing tried again.
    public func fetch() async throws(KeySetFetchError) -> FetchedKeySet {
        let (text, cacheControl) = try await download()
        do throws(JWKSetError) {
            let maximumAge = Self.maximumAge(of: cacheControl)
            return FetchedKeySet(keys: try JWKSet(reading: text), maximumAge: maximumAge ?? Self.defaultMaximumAge)
        } catch {
            throw .notAKeySet(error)
        }
    }

    /// Head and body together have one deadline: a server that stalls after the head must not be waited for.
    private func download() async throws(KeySetFetchError) -> (text: [UInt8], cacheControl: [String]) {
        let url = url
        do {
            return try await Deadline.race(Self.timeout) {
                let response = try await Self.httpClient.execute(HTTPClientRequest(url: url), deadline: .distantFuture)
                guard response.status == .ok else { throw KeySetFetchError.status(response.status.code) }
                let body = try await response.body.collect(upTo: Self.maximumSize)
                return (Array(body.readableBytesView), response.headers["cache-control"])
            }
        } catch let error as KeySetFetchError {
            throw error
        } catch is NIOTooManyBytesError {
            throw .tooLarge
        } catch {
            throw .unreachable("\(error)")
        }
    }

    /// The first `max-age` among the directives, in seconds.
    static func maximumAge(of cacheControl: [String]) -> Duration? {
        for directive in cacheControl.joined(separator: ",").split(separator: ",") {
            let parts = directive.split(separator: "=", maxSplits: 1)
            let name = parts[0].drop { $0 == " " }.lowercased()
            if name == "max-age", parts.count == 2, let seconds = Int64(parts[1]), seconds >= 0 {
                return .seconds(min(seconds, 86400))
            }
        }
        return nil
    }
}
