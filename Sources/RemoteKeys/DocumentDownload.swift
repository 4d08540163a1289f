import AccessToken
package import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import WireText

/// Fetches a document over HTTP, once, with limits on size and time.
public struct DocumentDownload: Sendable {
    /// The maximum size of an answer's body, in octets.
    public static let maximumSize = 256 * 1024
    /// The time limit for head and body together: a server can stall after the head.
    static let timeout: Duration = .seconds(5)
    /// The freshness lifetime of an answer without `Cache-Control`.
    static let defaultMaximumAge: Duration = .seconds(300)

    /// A client that follows no redirects. It lives as long as the process.
    package static let httpClient: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(timeout.components.seconds)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    private let url: RemoteURL
    private let timeout: Duration

    /// - Parameter url: https, or http on a loopback host. Nothing is fetched yet.
    /// - Throws: ``DocumentFetchError/Code/insecureURL``.
    public init(url: String) throws(DocumentFetchError) {
        try self.init(url: url, timeout: Self.timeout)
    }

    package init(url: String, timeout: Duration) throws(DocumentFetchError) {
        do throws(InvalidValue) { self.url = try RemoteURL(url) } catch { throw DocumentFetchError(.insecureURL) }
        self.timeout = timeout
    }

    /// Sends one GET and decodes the body of the answer. Nothing is cached and nothing is retried.
    ///
    /// - Throws: ``DocumentFetchError``, also if the status is not 200, and the errors of `decode`.
    public func fetch<Value>(
        _ decode: ([UInt8]) throws(DocumentFetchError) -> Value
    ) async throws(DocumentFetchError) -> FetchedDocument<Value> {
        let (body, headers) = try await get()
        return FetchedDocument(
            try decode(body), maximumAge: Self.maximumAge(headers) ?? Self.defaultMaximumAge)
    }

    private func get() async throws(DocumentFetchError) -> ([UInt8], HTTPHeaders) {
        do {
            return try await Deadline.race(timeout) { [url] in
                let response = try await Self.httpClient.execute(
                    HTTPClientRequest(url: url.description), deadline: .distantFuture)
                guard response.status == .ok else { throw DocumentFetchError(.status(response.status.code)) }
                let body = try await response.body.collect(upTo: Self.maximumSize)
                return (Array(body.readableBytesView), response.headers)
            }
        } catch let error as DocumentFetchError {
            throw error
        } catch is NIOTooManyBytesError {
            throw DocumentFetchError(.tooLarge)
        } catch {
            throw DocumentFetchError(.unreachable, "\(error)")
        }
    }

    /// The freshness lifetime (RFC 9111 section 4.2): that of `Cache-Control`, less `Age`. `nil` if it has none.
    private static func maximumAge(_ headers: HTTPHeaders) -> Duration? {
        var age: Int?
        for directive in headers["cache-control"].lazy.flatMap({ Octets($0).eachPart(between: ",") }) {
            let (name, value) = directive.trimmed.split(at: "=")
            if name.isSameIgnoringCase(as: "no-store") || name.isSameIgnoringCase(as: "no-cache") { return .zero }
            guard name.isSameIgnoringCase(as: "max-age"), age == nil, let seconds = value?.decimal else { continue }
            age = min(seconds, 86400)
        }
        let elapsed = headers.first(name: "age").flatMap { Octets($0).trimmed.decimal } ?? 0
        return age.map { .seconds(max(0, $0 - elapsed)) }
    }
}
