import AccessToken

/// Makes the DPoP proofs for the servers of one kind, the issuer or resource servers, with the nonces that they give.
struct ProofMaker: Sendable {
    /// `DPoP`, RFC 9449 section 4.1.
    static let fieldName = "DPoP"
    /// RFC 9449 section 8.1
    static let nonceFieldName = "DPoP-Nonce"

    let key: DPoPKey
    let nonces = ServerNonces()

    init(_ key: DPoPKey) { self.key = key }

    /// - Parameters:
    ///   - url: of the request.
    ///   - accessToken: that the request has; `nil` at the token endpoint.
    func proof(
        method: String, url: String, accessToken: String?, now: NumericDate
    ) throws(TokenSourceError) -> String {
        let target: TargetURI
        do throws(InvalidValue) { target = try TargetURI(url) } catch {
            throw TokenSourceError(.insecureURL, cause: error)
        }
        do {
            return try key.signer.proof(
                method: method, target: target, accessToken: accessToken, nonce: nonces.nonce(for: url), now: now)
        } catch {
            throw TokenSourceError(.unusableCredential, cause: error)
        }
    }
}
