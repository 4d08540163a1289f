package import AccessToken
package import JOSE
package import RemoteKeys
import NIOHTTP1
import WireText

/// An endpoint of an issuer at which the client authenticates: RFC 6749 section 3.2, RFC 7662 section 2.
package struct IssuerEndpoint: Sendable {
    private enum Location {
        case url(RemoteURL)
        case discovered(RemoteDocument<RemoteURL>)
    }

    /// The time limit for one request and its answer.
    package static let timeLimit: Duration = .seconds(10)

    private let location: Location
    private let issuer: Issuer?
    private let credential: ClientCredential
    /// `nil` for tokens that are bound to no DPoP key.
    private let proofs: ProofMaker?
    private let http: OutgoingHTTP
    private let timeLimit: Duration
    private let clock: SourceClock

    /// An endpoint with a known URL.
    init(
        _ url: RemoteURL, of issuer: Issuer?, _ credential: ClientCredential, through http: OutgoingHTTP,
        boundTo key: DPoPKey? = nil, timeLimit: Duration = Self.timeLimit, clock: SourceClock = .system
    ) {
        self.init(.url(url), issuer, credential, key, http, timeLimit, clock)
    }

    /// An endpoint that the issuer's metadata names, RFC 8414 section 2. The metadata is fetched before the first request,
    /// and again after the time that its `Cache-Control` says.
    ///
    /// - Parameters:
    ///   - member: the member of the metadata, such as `token_endpoint`. For a client with a certificate that of
    ///     `mtls_endpoint_aliases` counts if it is there.
    ///   - key: what tokens are to be bound to; `nil` for no DPoP key.
    package init(
        named member: String, of issuer: Issuer, _ credential: ClientCredential, through http: OutgoingHTTP,
        boundTo key: DPoPKey? = nil, timeLimit: Duration = Self.timeLimit, clock: SourceClock = .system
    ) {
        let hasCertificate = credential.identity != nil
        let url = RemoteDocument<RemoteURL>(now: clock.now) { () throws(DocumentFetchError) in
            try await IssuerMetadata.url(
                named: member, of: issuer, through: http, within: timeLimit, preferringAlias: hasCertificate)
        }
        self.init(.discovered(url), issuer, credential, key, http, timeLimit, clock)
    }

    /// The key that tokens are bound to; `nil` for none.
    var dpopKey: DPoPKey? { proofs?.key }

    private init(
        _ location: Location, _ issuer: Issuer?, _ credential: ClientCredential, _ key: DPoPKey?,
        _ http: OutgoingHTTP, _ timeLimit: Duration, _ clock: SourceClock
    ) {
        self.location = location
        self.issuer = issuer
        self.credential = credential
        proofs = key.map(ProofMaker.init)
        self.http = http
        self.timeLimit = timeLimit
        self.clock = clock
    }

    /// Sends one form with the client's credential. Redirects are not followed: another host would get the credential. Nothing
    /// is sent twice, unless the issuer asks for a DPoP nonce and gives another than the proof had: then once.
    ///
    /// - Returns: the members of the JSON object in the answer with status 200.
    package func post(_ form: [(name: String, value: String)]) async throws(TokenSourceError) -> JSONObject {
        let url = try await url()
        let nonce = proofs?.nonces.nonce(for: url.description)
        let answer = try await send(form, to: url)
        do throws(TokenSourceError) { return try answer.members(now: clock.date()) } catch {
            // RFC 9449 section 8
            guard let proofs, error.refusal?.asksForNonce == true, proofs.nonces.nonce(for: url.description) != nonce
            else { throw error }
        }
        return try await send(form, to: url).members(now: clock.date())
    }

    private func send(
        _ form: [(name: String, value: String)], to url: RemoteURL
    ) async throws(TokenSourceError) -> HTTPAnswer {
        var request = FormRequest(to: url, form)
        // RFC 7523 section 3: the audience is the issuer, or the URL of the token endpoint.
        let audience = issuer?.description ?? url.description
        try await credential.authenticate(&request, audience: audience, now: clock.date())
        if let proofs {
            let proof = try proofs.proof(
                method: "POST", url: url.description, accessToken: nil, now: clock.date())
            request.headers.add(name: ProofMaker.fieldName, value: proof)
        }
        // Over plain HTTP the client cannot show its certificate.
        guard credential.identity == nil || Octets(url.description).begins(with: "https:") else {
            throw TokenSourceError(
                .unusableCredential, cause: CredentialFault("a certificate needs an https token endpoint"))
        }
        let answer: HTTPAnswer
        do throws(ConnectionFailure) {
            answer = try await http.send(request.request, within: timeLimit, presenting: credential.identity)
        } catch {
            throw TokenSourceError(error)
        }
        proofs?.nonces.take(answer.headers[ProofMaker.nonceFieldName], from: url.description)
        return answer
    }

    private func url() async throws(TokenSourceError) -> RemoteURL {
        switch location {
        case .url(let url): return url
        case .discovered(let document):
            do throws(DocumentFetchError) { return try await document.current().value } catch {
                throw TokenSourceError(.undiscovered, cause: error)
            }
        }
    }
}

extension TokenSourceError {
    fileprivate init(_ failure: ConnectionFailure) {
        switch failure.code {
        case .tooLarge: self.init(.malformedAnswer, cause: failure)
        case .identity: self.init(.unusableCredential, cause: failure)
        default: self.init(.unreachable, cause: failure)
        }
    }
}
