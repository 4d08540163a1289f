package import AccessToken
package import JOSE
import WireText

/// What an authenticated client learns about a token, RFC 7662 section 2.2. Only
/// ``AuthenticatedClient/introspect(_:with:now:)`` creates one.
package struct Introspection: Sendable {
    /// As ``JSONWriter/members(of:)`` writes members.
    let members: [UInt8]
    /// The client that gets the answer.
    let client: Client

    fileprivate init(_ token: InspectedToken, issuer: Issuer, for client: Client) {
        self.client = client
        var answer = JSONWriter(reservingCapacity: 512)
        switch token {
        case .accessToken(let token): Self.write(token, to: &answer)
        case .refreshToken(let token, let issuedAt): Self.write(token, issuedAt: issuedAt, issuer, to: &answer)
        case .inactive: answer.member("active", .bool(false))
        }
        members = answer.bytes
    }

    /// The JSON object.
    package var json: [UInt8] {
        var writer = JSONWriter(reservingCapacity: members.count + 2)
        writer.object { $0.members(members) }
        return writer.bytes
    }

    /// Writes all claims of the token: they have the same names in an introspection answer. `scope` is a string with
    /// spaces between the scope tokens (RFC 7662 section 2.2), however the token has it.
    private static func write(_ token: VerifiedAccessToken, to answer: inout JSONWriter) {
        answer.member("active", .bool(true))
        // RFC 9449 section 6.2
        let isBound = token.payload["cnf"]?.object?["jkt"]?.string != nil
        answer.member("token_type", (isBound ? TokenType.dpop : .bearer).rawValue)
        for claim in token.payload.members where !ownMembers.contains(where: claim.name.isSameText(as:)) {
            if claim.name.isSameText(as: "scope") {
                write(token.claims.scope, to: &answer)
            } else {
                answer.member(claim.name, claim.value)
            }
        }
        if token.payload["scope"] == nil { write(token.claims.scope, to: &answer) }
    }

    /// The members of an answer that are no claims of a token.
    private static let ownMembers = ["active", "token_type"]

    /// RFC 6749 section 3.3: a scope has at least one token.
    private static func write(_ scope: Scope, to answer: inout JSONWriter) {
        if !scope.tokens.isEmpty { answer.member("scope", scope.description) }
    }

    private static func write(
        _ token: LiveRefreshToken, issuedAt: NumericDate, _ issuer: Issuer, to answer: inout JSONWriter
    ) {
        answer.member("active", .bool(true))
        // RFC 8693 section 2.2.1: a refresh token is not for resource servers, which must not accept it as an access
        // token.
        answer.member("token_type", "N_A")
        answer.member("iss", issuer.description)
        answer.member("sub", token.clientID.description)
        answer.member("aud", oneOrMore: token.audience)
        answer.member("exp", token.expiresAt.seconds)
        answer.member("iat", issuedAt.seconds)
        answer.member("client_id", token.clientID.description)
        write(token.scope, to: &answer)
    }
}

extension AuthenticatedClient {
    /// Inspects a token for the client, if the client may introspect.
    package func introspect(
        _ request: IntrospectionRequest, with inspector: TokenInspector, now: NumericDate
    ) throws(TokenRefusal) -> Introspection {
        guard client.introspection != .none else { throw TokenRefusal(.introspectionNotAllowed) }
        var work = TokenInspector.Work()
        let inspected = try inspector.inspect(request.token, now: now, work: &work)
        let isMeant = inspected.audience.map(client.introspection.covers) ?? true
        return Introspection(isMeant ? inspected : .inactive, issuer: inspector.issuer, for: client)
    }
}

/// A JWT answer to an introspection request, RFC 9701 section 5, before it is signed.
package struct UnsignedIntrospection: Sendable {
    /// The key that must sign: its `alg` and `kid` are in the header.
    package let key: SigningKey
    /// The input of the signature.
    package let signingInput: JWSSigningInput

    /// - Parameter now: becomes `iat`. There is no `exp` and no `sub`, so that no resource server accepts it as an
    ///   access token.
    package init(_ introspection: Introspection, issuer: Issuer, key: SigningKey, now: NumericDate) {
        var payload = JSONWriter(reservingCapacity: introspection.members.count + 256)
        payload.object { claims in
            claims.member("iss", issuer.description)
            claims.member("aud", introspection.client.id.description)
            claims.member("iat", now.seconds)
            claims.name("token_introspection")
            claims.object { $0.members(introspection.members) }
        }
        self.key = key
        signingInput = JWSSigningInput(
            encodedHeader: key.encodedHeader(type: "token-introspection+jwt"), payload: payload.bytes)
    }
}
