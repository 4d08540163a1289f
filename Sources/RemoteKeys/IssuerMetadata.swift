package import AccessToken
import JOSE
import WireText

/// The part of an issuer's metadata that a resource server needs, RFC 8414.
package struct IssuerMetadata {
    /// Downloads the document behind `jwks_uri`.
    package let keySet: DocumentDownload

    /// Fetches the metadata from the URL of RFC 8414 section 3.1. If the answer is not the issuer's metadata, it is
    /// fetched from the URL of OpenID Connect Discovery 1.0 section 4.1: many servers answer an unknown path with a
    /// page, a redirect or a refusal instead of 404.
    package static func discover(_ issuer: Issuer) async throws(DocumentFetchError) -> IssuerMetadata {
        let first: DocumentFetchError
        do throws(DocumentFetchError) {
            return try await fetch(
                "\(issuer.origin)/.well-known/oauth-authorization-server\(issuer.path)", issuer)
        } catch {
            // A server that did not answer is not asked for the second URL: it would only take the same time again.
            if error.code == .unreachable { throw error }
            first = error
        }
        do throws(DocumentFetchError) {
            return try await fetch("\(issuer.origin)\(issuer.path)/.well-known/openid-configuration", issuer)
        } catch {
            // If neither URL has the metadata, the answer that is not 404 explains more.
            throw first.code == .status(404) ? error : first
        }
    }

    private init(reading text: [UInt8], of issuer: Issuer) throws(DocumentFetchError) {
        guard let metadata = (try? JSONReader.read(text))?.object, let url = metadata["jwks_uri"]?.string else {
            throw DocumentFetchError(.malformed, "not metadata with a jwks_uri")
        }
        // RFC 8414 section 3.3: metadata of another issuer must not be used.
        guard metadata["issuer"]?.string?.isSameText(as: issuer.description) == true else {
            throw DocumentFetchError(.otherIssuer)
        }
        keySet = try DocumentDownload(url: url)
    }

    private static func fetch(_ url: String, _ issuer: Issuer) async throws(DocumentFetchError) -> IssuerMetadata {
        try await DocumentDownload(url: url).fetch { (body) throws(DocumentFetchError) in
            try IssuerMetadata(reading: body, of: issuer)
        }.value
    }
}
