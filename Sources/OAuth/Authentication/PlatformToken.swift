import AccessToken
import JOSE
import WireText

/// A token by which a platform says what a workload is. It is not verified yet.
struct PlatformToken: Sendable {
    let jws: CompactJWS
    /// Every claim.
    let claims: JSONObject
    /// `iss`; of a JWT-SVID the trust domain of `sub`, since it need not have an `iss`.
    let issuer: String
    /// `sub`; never empty.
    let subject: String
    /// `aud`; `nil` unless it is exactly one text.
    let audience: String?
    /// `iat`
    let issuedAt: NumericDate
    /// `exp`
    let expiresAt: NumericDate
    /// `nbf`; `nil` without it.
    let notBefore: NumericDate?
    /// `jti`; `nil` without one of 1 to 512 octets.
    let tokenID: String?

    /// Reads the claims. The rules that need the issuer, the client or the time are checked later.
    ///
    /// - Parameter isSVID: whether it is a JWT-SVID, JWT-SVID section 3.
    /// - Throws: ``RefusalCause/identityMalformed`` if a claim that is needed is missing or of another type.
    init(_ jwt: UnverifiedJWT, isSVID: Bool) throws(RefusalCause) {
        let claims = jwt.claims
        guard let subject = claims["sub"]?.string, !subject.isEmpty else { throw .identityMalformed }
        if isSVID {
            // JWT-SVID section 3.1: the SPIFFE ID of the workload.
            guard let domain = TrustDomain(of: subject) else { throw .identityMalformed }
            issuer = domain.identifier
        } else {
            guard let issuer = claims["iss"]?.string else { throw .identityMalformed }
            self.issuer = issuer
        }
        guard let issuedAt = try Self.date("iat", of: claims), let expiresAt = try Self.date("exp", of: claims) else {
            throw .identityMalformed
        }
        jws = jwt.jws
        self.claims = claims
        self.subject = subject
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        notBefore = try Self.date("nbf", of: claims)
        // draft-ietf-oauth-rfc7523bis: one audience, so that no other server can use the token here.
        let audiences = claims["aud"]?.oneOrMore ?? []
        audience = audiences.count == 1 ? audiences[0].string : nil
        tokenID = claims["jti"]?.string.flatMap { (1...512).contains($0.utf8.count) ? $0 : nil }
    }

    /// `nil` if the claim is absent.
    private static func date(_ name: String, of claims: JSONObject) throws(RefusalCause) -> NumericDate? {
        guard let value = claims[name] else { return nil }
        guard let date = NumericDate(value) else { throw .identityMalformed }
        return date
    }
}

/// A platform's token in a request, with the client that the request names.
struct PresentedIdentity: Sendable {
    let token: PlatformToken
    let way: IdentityWay
    /// `client_id`; `nil` if the token is to say which client it is.
    let clientID: ClientID?

    /// - Throws: ``TokenRefusal/Code/invalidClient`` for a malformed token or `client_id`.
    init(_ jwt: UnverifiedJWT, _ way: IdentityWay, _ parameters: FormParameters) throws(TokenRefusal) {
        self.way = way
        do throws(RefusalCause) { token = try PlatformToken(jwt, isSVID: way == .svid) } catch {
            throw TokenRefusal(.invalidClient, cause: error)
        }
        guard let id = parameters["client_id"] else {
            clientID = nil
            return
        }
        guard let id = try? ClientID(id) else { throw TokenRefusal(.invalidClient) }
        clientID = id
    }
}
