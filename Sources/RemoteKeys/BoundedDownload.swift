import AccessToken
public import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// One GET over HTTP, with limits on size and time.
public struct BoundedDownload: Sendable {
    /// The largest answer that is read, in octets.
    public static let maximumSize = 256 * 1024
    /// How long head and body together may take: a server that stalls after the head must not be waited for.
    package static let timeout: Duration = .seconds(5)

    /// The octets of the answer.
    package let body: [UInt8]
    let headers: HTTPHeaders

    /// A client that follows no redirects. It lives as long as the process.
    public static let httpClient: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(timeout.components.seconds)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// - Parameter url: https, or http on a loopback host.
    package init(_ url: String, timeout: Duration = Self.timeout) async throws(KeySetFetchError) {
        guard TransportSecurity.isAcceptable(url) else { throw .insecureURL }
        do {
            (body, headers) = try await Deadline.race(timeout) {
                let response = try await Self.httpClient.execute(HTTPClientRequest(url: url), deadline: .distantFuture)
                guard response.status == .ok else { throw KeySetFetchError.status(response.status.code) }
                let body = try await response.body.collect(upTo: Self.maximumSize)
                return (Array(body.readableBytesView), response.headers)
            }
        } catch let error as KeySetFetchError {
            throw error
        } catch is NIOTooManyBytesError {
            throw .tooLarge
        } catch {
            throw .unreachable("\(error)")
        }
    }

    /// How long it may be used, RFC 9111 section 4.2: what `Cache-Control` says, less its `Age`; nil where nothing is said.
    var maximumAge: Duration? {
        var age: Int64?
        for directive in headers[canonicalForm: "cache-control"] {
            let parts = directive.split(separator: "=", maxSplits: 1)
            switch parts.first?.lowercased() {
            case "no-store", "no-cache": return .zero
            case "max-age":
                guard age == nil, parts.count == 2, let seconds = Int64(parts[1]), seconds >= 0 else { continue }
                age = min(seconds, 86400)
            default: break
            }
        }
        let elapsed = headers.first(name: "age").flatMap { Int64($0) } ?? 0
        return age.map { .seconds(max(0, $0 - max(0, elapsed))) }
    }
}
