import AccessToken
import AsyncHTTPClient
import NIOHTTP1
import WireText

/// Fetches a document over HTTP, once, with limits on size and time.
public struct DocumentDownload: Sendable {
    /// The maximum size of an answer's body, in octets.
    public static let maximumSize = HTTPAnswer.maximumSize
    /// The freshness lifetime of an answer without `Cache-Control`.
    static let defaultMaximumAge: Duration = .seconds(300)

    private let url: RemoteURL
    private let http: OutgoingHTTP
    private let authorities: CertificateAuthorities?
    private let credentials: BearerCredentials?
    private let timeout: Duration

    /// - Parameters:
    ///   - url: https, or http on a loopback host. Nothing is fetched yet.
    ///   - settings: certificate authorities, headers, proxy and time limit.
    /// - Throws: ``DocumentFetchError/Code/insecureURL``.
    public init(url: String, settings: FetchSettings = .standard) throws(DocumentFetchError) {
        try self.init(url: url, through: OutgoingHTTP(settings))
    }

    /// - Parameters:
    ///   - authorities: the certificate authorities for this server, in place of all others.
    ///   - credentials: sent if the URL has their origin.
    ///   - timeout: the time limit for head and body together: a server can stall after the head. By default that of `http`.
    package init(
        url: String, through http: OutgoingHTTP, trusting authorities: CertificateAuthorities? = nil,
        credentials: BearerCredentials? = nil, timeout: Duration? = nil
    ) throws(DocumentFetchError) {
        do throws(InvalidValue) { self.url = try RemoteURL(url) } catch { throw DocumentFetchError(.insecureURL) }
        self.http = http
        self.authorities = authorities
        self.credentials = credentials.flatMap { $0.are(for: url) ? $0 : nil }
        self.timeout = timeout ?? http.timeLimit
    }

    /// Sends one GET and decodes the body of the answer. Nothing is cached and nothing is retried.
    ///
    /// - Throws: ``DocumentFetchError``, also if the status is not 200, and the errors of `decode`.
    public func fetch<Value>(
        _ decode: ([UInt8]) throws(DocumentFetchError) -> Value
    ) async throws(DocumentFetchError) -> FetchedDocument<Value> {
        try await fetch(accepting: nil, decode)
    }

    /// - Parameter mediaType: for `Accept`; `nil` for those of key sets and of JSON.
    package func fetch<Value>(
        accepting mediaType: String?, _ decode: ([UInt8]) throws(DocumentFetchError) -> Value
    ) async throws(DocumentFetchError) -> FetchedDocument<Value> {
        let answer = try await get(accepting: mediaType)
        return FetchedDocument(
            try decode(answer.body), maximumAge: Self.maximumAge(answer.headers) ?? Self.defaultMaximumAge)
    }

    private func get(accepting mediaType: String?) async throws(DocumentFetchError) -> HTTPAnswer {
        var request = HTTPClientRequest(url: url.description)
        if let mediaType { request.headers.add(name: "Accept", value: mediaType) }
        if let token = try await credentials?.token() {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        let answer: HTTPAnswer
        do throws(ConnectionFailure) {
            answer = try await http.send(request, within: timeout, trusting: authorities)
        } catch {
            throw DocumentFetchError(error)
        }
        guard answer.status == 200 else { throw DocumentFetchError(.status(answer.status)) }
        return answer
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
