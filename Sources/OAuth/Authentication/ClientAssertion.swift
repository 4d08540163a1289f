import AccessToken
import JOSE
import WireText

/// A JWT that a client signs to authenticate, RFC 7523 section 2.2. It is not verified yet.
struct ClientAssertion: Sendable {
    /// `client_assertion_type`, RFC 7523 section 2.2
    static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    let jws: CompactJWS
    /// `iss` and `sub`, which are equal (RFC 7523 section 3).
    let clientID: ClientID
    /// `aud`, which has exactly one value.
    let audience: String
    let expiresAt: NumericDate
    /// `iat`; `nil` without it.
    let issuedAt: NumericDate?
    /// The later of `iat` and `nbf`; `nil` without either.
    let validFrom: NumericDate?
    /// `jti`
    let tokenID: String

    /// Parses an assertion. The rules that need the registered client, the names of the service or the time are checked
    /// later.
    ///
    /// - Throws: ``TokenRefusal/Code/invalidClient`` for an assertion that cannot be parsed or breaks another rule,
    ///   ``TokenRefusal/Code/conflictingClientID`` if the body names another client.
    init(_ parameters: FormParameters) throws(TokenRefusal) {
        guard parameters["client_assertion_type"]?.isSameText(as: Self.type) == true,
            let text = parameters["client_assertion"],
            let jws = try? CompactJWS(parsing: text), jws.header.algorithm.isOffered,
            Self.isAssertionType(jws.header), let claims = (try? JSONReader.read(jws.unverifiedPayload))?.object
        else { throw TokenRefusal(.invalidClient) }
        // RFC 7523 section 3, numbers 1 and 2: for client authentication issuer and subject are the client.
        guard let subject = claims["sub"]?.string, claims["iss"]?.string?.isSameText(as: subject) == true,
            let clientID = try? ClientID(subject)
        else { throw TokenRefusal(.invalidClient) }
        // draft-ietf-oauth-rfc7523bis: one audience, so that no other server can use the assertion here.
        let audiences = claims["aud"]?.oneOrMore ?? []
        guard audiences.count == 1, let audience = audiences[0].string else { throw TokenRefusal(.invalidClient) }
        guard let tokenID = claims["jti"]?.string, (1...256).contains(tokenID.utf8.count) else {
            throw TokenRefusal(.invalidClient)
        }
        guard let expiresAt = try Self.date("exp", of: claims) else { throw TokenRefusal(.invalidClient) }
        self.jws = jws
        self.clientID = clientID
        self.audience = audience
        self.expiresAt = expiresAt
        self.tokenID = tokenID
        issuedAt = try Self.date("iat", of: claims)
        validFrom = [issuedAt, try Self.date("nbf", of: claims)].compactMap { $0 }.max()
        // RFC 7521 section 4.2: a client_id beside the assertion names the same client.
        guard parameters["client_id"]?.isSameText(as: subject) ?? true else { throw TokenRefusal(.conflictingClientID) }
    }

    /// Whether `typ` is absent or that of an assertion: a token for another purpose names it in `typ` (RFC 8725 section
    /// 3.11).
    private static func isAssertionType(_ header: JOSEHeader) -> Bool {
        header.type == nil || header.hasType("jwt") || header.hasType("client-authentication+jwt")
    }

    /// `nil` if the claim is absent.
    private static func date(_ name: String, of claims: JSONObject) throws(TokenRefusal) -> NumericDate? {
        guard let value = claims[name] else { return nil }
        guard let date = NumericDate(value) else { throw TokenRefusal(.invalidClient) }
        return date
    }
}

/// The limits of the times in an assertion.
package enum AssertionTiming {
    /// The longest time from now to `exp`, before ``leeway`` is added.
    static let longestLifetime: Duration = .seconds(300)
    /// How far a client's clock may be ahead of the service's.
    static let leeway: Duration = .seconds(30)
    /// The longest time between the first and the last moment at which an assertion is accepted.
    package static var longestUse: Duration { longestLifetime + leeway }
}
