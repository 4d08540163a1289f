import AccessToken
import JOSE
import RemoteKeys

/// What a resource server needs of an issuer's metadata, RFC 8414.
struct IssuerMetadata {
    /// Fetches what is behind `jwks_uri`.
    let keySet: KeySetFetcher

    /// Asks at the place that RFC 8414 section 3.1 gives, and then at that of OpenID Connect Discovery 1.0 section 4.1, where
    /// others have it.
    init(of issuer: Issuer) async throws(KeySetFetchError) {
        let text: [UInt8]
        do throws(KeySetFetchError) {
            text = try await BoundedDownload(
                "\(issuer.origin)/.well-known/oauth-authorization-server\(issuer.path)"
            ).body
        } catch {
            guard case .status(404) = error else { throw error }
            text = try await BoundedDownload(
                "\(issuer.origin)\(issuer.path)/.well-known/openid-configuration"
            ).body
        }
        guard let metadata = (try? JSONReader.read(text))?.object, let url = metadata["jwks_uri"]?.string else {
            throw .notMetadata
        }
        // RFC 8414 section 3.3: metadata of another issuer must not be used.
        guard metadata["issuer"]?.string == issuer.description else { throw .otherIssuer }
        keySet = try KeySetFetcher(url: url)
    }
}
