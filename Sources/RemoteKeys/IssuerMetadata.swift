package import AccessToken
import JOSE
import WireText

/// The part of an issuer's metadata that a resource server needs, RFC 8414.
package struct IssuerMetadata {
    /// Downloads the document behind `jwks_uri`.
    package let keySet: DocumentDownload

    /// Fetches the metadata, as ``url(named:of:through:within:)`` does.
    package static func discover(
        _ issuer: Issuer, through http: OutgoingHTTP = .verifier
    ) async throws(DocumentFetchError) -> IssuerMetadata {
        let url = try await url(named: "jwks_uri", of: issuer, through: http).value
        return IssuerMetadata(keySet: try DocumentDownload(url: url.description, through: http))
    }

    /// The same for the issuer of a platform's tokens, most of which have the metadata of OpenID Connect alone: that is
    /// fetched first.
    ///
    /// - Parameter download: a download with what the servers of this issuer take.
    static func discoverIdentities(
        of issuer: Issuer, _ download: (String) throws(DocumentFetchError) -> DocumentDownload
    ) async throws(DocumentFetchError) -> IssuerMetadata {
        let url = try await url(named: "jwks_uri", of: issuer, at: urls(issuer).reversed(), false, download).value
        return IssuerMetadata(keySet: try download(url.description))
    }

    /// Fetches the metadata from the URL of RFC 8414 section 3.1. If the answer is not the issuer's metadata, it is
    /// fetched from the URL of OpenID Connect Discovery 1.0 section 4.1: many servers answer an unknown path with a
    /// page, a redirect or a refusal instead of 404.
    ///
    /// - Parameters:
    ///   - member: the member of the metadata that names the URL, such as `token_endpoint`.
    ///   - limit: the time limit for each of the two; by default that of `http`.
    ///   - isAliasPreferred: whether the member of the same name in `mtls_endpoint_aliases` counts if it is there: RFC 8705
    ///     section 5, for a client that shows a certificate.
    package static func url(
        named member: String, of issuer: Issuer, through http: OutgoingHTTP, within limit: Duration? = nil,
        preferringAlias isAliasPreferred: Bool = false
    ) async throws(DocumentFetchError) -> FetchedDocument<RemoteURL> {
        try await url(named: member, of: issuer, at: urls(issuer), isAliasPreferred) {
            (url) throws(DocumentFetchError) in
            try DocumentDownload(url: url, through: http, timeout: limit)
        }
    }

    /// RFC 8414 section 3.1, OpenID Connect Discovery 1.0 section 4.1.
    private static func urls(_ issuer: Issuer) -> [String] {
        [
            "\(issuer.origin)/.well-known/oauth-authorization-server\(issuer.path)",
            "\(issuer.origin)\(issuer.path)/.well-known/openid-configuration",
        ]
    }

    private static func url(
        named member: String, of issuer: Issuer, at urls: [String], _ isAliasPreferred: Bool,
        _ download: (String) throws(DocumentFetchError) -> DocumentDownload
    ) async throws(DocumentFetchError) -> FetchedDocument<RemoteURL> {
        let first: DocumentFetchError
        do throws(DocumentFetchError) {
            return try await fetch(urls[0], member, issuer, isAliasPreferred, download)
        } catch {
            // A server that cannot be reached is not asked for the second URL: it would only take the same time again. One
            // that ends the connection may do so for unknown paths.
            if error.code == .unreachable, error.connectionFailure?.code != .closed { throw error }
            first = error
        }
        do throws(DocumentFetchError) {
            return try await fetch(urls[1], member, issuer, isAliasPreferred, download)
        } catch {
            // If neither URL has the metadata, the answer that is not 404 explains more.
            throw first.code == .status(404) ? error : first
        }
    }

    private static func fetch(
        _ url: String, _ member: String, _ issuer: Issuer, _ isAliasPreferred: Bool,
        _ download: (String) throws(DocumentFetchError) -> DocumentDownload
    ) async throws(DocumentFetchError) -> FetchedDocument<RemoteURL> {
        try await download(url).fetch { (body) throws(DocumentFetchError) in
            try read(body, member, issuer, isAliasPreferred)
        }
    }

    private static func read(
        _ text: [UInt8], _ member: String, _ issuer: Issuer, _ isAliasPreferred: Bool
    ) throws(DocumentFetchError) -> RemoteURL {
        guard let metadata = (try? JSONReader.read(text))?.object,
            let url = (isAliasPreferred ? metadata["mtls_endpoint_aliases"]?.object?[member]?.string : nil)
                ?? metadata[member]?.string
        else {
            throw DocumentFetchError(.malformed, "not metadata with a \(member)")
        }
        // RFC 8414 section 3.3: metadata of another issuer must not be used.
        guard metadata["issuer"]?.string?.isSameText(as: issuer.description) == true else {
            throw DocumentFetchError(.otherIssuer)
        }
        do throws(InvalidValue) { return try RemoteURL(url) } catch { throw DocumentFetchError(.insecureURL) }
    }
}
