import AccessToken
import JOSE
import WireText

/// A JWT that a client signs to authenticate, RFC 7523 section 2.2. It is not verified yet.
struct ClientAssertion: Sendable {
    /// `client_assertion_type`, RFC 7523 section 2.2
    static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// `client_assertion_type` of a JWT-SVID, draft-ietf-oauth-spiffe-client-auth section 3.1
    static let spiffeType = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"
    let jws: CompactJWS
    /// `iss` and `sub`, which are equal (RFC 7523 section 3).
    let clientID: ClientID
    /// `aud`, which has exactly one value.
    let audience: String
    /// Whether `aud` is a JSON string, and not an array with one.
    let hasAudienceAsString: Bool
    let expiresAt: NumericDate
    /// `iat`; `nil` without it.
    let issuedAt: NumericDate?
    /// The later of `iat` and `nbf`; `nil` without either.
    let validFrom: NumericDate?
    /// `jti`; `nil` without it.
    let tokenID: String?

    /// Reads an assertion. The rules that need the registered client, the names of the service or the time are checked later.
    ///
    /// - Throws: ``TokenRefusal/Code/invalidClient`` for an assertion that breaks another rule,
    ///   ``TokenRefusal/Code/conflictingClientID`` if the body names another client.
    init(_ jwt: UnverifiedJWT, _ parameters: FormParameters) throws(TokenRefusal) {
        jws = jwt.jws
        let claims = jwt.claims
        do throws(RefusalCause) {
            try Self.check(jws.header)
            clientID = try Self.client(of: claims)
            audience = try Self.audience(of: claims)
            hasAudienceAsString = claims["aud"]?.string != nil
            tokenID = try Self.tokenID(of: claims)
            guard let expiresAt = try Self.date("exp", of: claims) else { throw .assertionMalformed }
            self.expiresAt = expiresAt
            issuedAt = try Self.date("iat", of: claims)
            validFrom = [issuedAt, try Self.date("nbf", of: claims)].compactMap { $0 }.max()
        } catch {
            throw TokenRefusal(.invalidClient, cause: error)
        }
        // RFC 7521 section 4.2: a client_id beside the assertion names the same client.
        guard parameters["client_id"]?.isSameText(as: clientID.description) ?? true else {
            throw TokenRefusal(.conflictingClientID)
        }
    }

    private static func check(_ header: JOSEHeader) throws(RefusalCause) {
        guard header.algorithm.isOffered else { throw .assertionAlgorithm }
        // RFC 8725 section 3.11: a token for another purpose names it in `typ`.
        guard header.type == nil || header.hasType("jwt") || header.hasType("client-authentication+jwt") else {
            throw .assertionHeaderType
        }
    }

    /// RFC 7523 section 3, numbers 1 and 2: for client authentication issuer and subject are the client.
    private static func client(of claims: JSONObject) throws(RefusalCause) -> ClientID {
        guard let subject = claims["sub"]?.string, let clientID = try? ClientID(subject) else {
            throw .assertionSubject
        }
        guard claims["iss"]?.string?.isSameText(as: subject) == true else { throw .assertionIssuer }
        return clientID
    }

    /// draft-ietf-oauth-rfc7523bis: one audience, so that no other server can use the assertion here.
    private static func audience(of claims: JSONObject) throws(RefusalCause) -> String {
        let audiences = claims["aud"]?.oneOrMore ?? []
        guard audiences.count == 1, let audience = audiences[0].string else { throw .assertionAudience }
        return audience
    }

    /// `nil` if the claim is absent.
    private static func tokenID(of claims: JSONObject) throws(RefusalCause) -> String? {
        guard let value = claims["jti"] else { return nil }
        guard let tokenID = value.string, (1...256).contains(tokenID.utf8.count) else { throw .assertionMalformed }
        return tokenID
    }

    /// `nil` if the claim is absent.
    private static func date(_ name: String, of claims: JSONObject) throws(RefusalCause) -> NumericDate? {
        guard let value = claims[name] else { return nil }
        guard let date = NumericDate(value) else { throw .assertionMalformed }
        return date
    }

    /// The client that a text claims to come from, which need not be an assertion: `sub` of its payload, for the log.
    static func claimedClient(in text: String) -> ClientID? {
        guard let claims = try? CompactJWS.unverifiedClaims(of: text) else { return nil }
        return (claims["sub"] ?? claims["iss"])?.string.flatMap { try? ClientID($0) }
    }
}
