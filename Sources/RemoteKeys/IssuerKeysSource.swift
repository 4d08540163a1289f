package import AccessToken
package import JOSE
import WireText

/// The place of the public keys of an issuer whose tokens are verified here, and how they are fetched.
package struct IssuerKeysSource: Sendable {
    /// What the keys are in.
    package enum Place: Sendable {
        /// Behind `jwks_uri` of the issuer's metadata, which must name the issuer.
        case discovery(Issuer)
        /// A JWK Set.
        case keySet(url: String)
        /// A SPIFFE bundle, of which the keys for JWT-SVIDs count.
        case bundle(url: String)
    }

    private let place: Place
    private let http: OutgoingHTTP
    private let authorities: CertificateAuthorities?
    private let credentials: BearerCredentials?

    /// - Parameters:
    ///   - authorities: the certificate authorities for its servers, in place of all others.
    ///   - credentials: sent to their own origin alone.
    package init(
        _ place: Place, through http: OutgoingHTTP, trusting authorities: CertificateAuthorities? = nil,
        credentials: BearerCredentials? = nil
    ) {
        self.place = place
        self.http = http
        self.authorities = authorities
        self.credentials = credentials
    }

    /// Fetches the keys once. Redirects are not followed: they would let another host choose the keys.
    ///
    /// - Throws: also ``DocumentFetchError/Code/empty`` if no key can be used.
    package func fetch() async throws(DocumentFetchError) -> FetchedDocument<JWKSet> {
        let fetched = try await fetchAny()
        guard !fetched.value.keys.isEmpty else { throw DocumentFetchError(.empty) }
        return fetched
    }

    /// Fetches the keys once, of which there may be none that can be used.
    package func fetchAny() async throws(DocumentFetchError) -> FetchedDocument<JWKSet> {
        switch place {
        case .keySet(let url): return try await download(url).fetchKeySet()
        case .bundle(let url): return try await bundle(at: url)
        case .discovery(let issuer):
            let metadata = try await IssuerMetadata.discoverIdentities(of: issuer) { (url) throws(DocumentFetchError) in
                try download(url)
            }
            return try await metadata.keySet.fetchKeySet()
        }
    }

    private func download(_ url: String) throws(DocumentFetchError) -> DocumentDownload {
        try DocumentDownload(url: url, through: http, trusting: authorities, credentials: credentials)
    }

    /// The bundle is fresh for as long as it says itself, if it does.
    private func bundle(at url: String) async throws(DocumentFetchError) -> FetchedDocument<JWKSet> {
        let fetched = try await download(url).fetch { (body) throws(DocumentFetchError) in
            do throws(JWKSetError) { return try SPIFFEBundle(reading: body) } catch {
                throw DocumentFetchError(.malformed, "\(error)")
            }
        }
        let hint = fetched.value.refreshHint.map { Duration.seconds(min(max($0, 10), 86400)) }
        return FetchedDocument(fetched.value.keys, maximumAge: hint ?? fetched.maximumAge)
    }
}
