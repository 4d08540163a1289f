import AccessToken
package import JOSE
package import Libcrypto

/// The result of inspecting a text.
enum InspectedToken {
    case accessToken(VerifiedAccessToken)
    case refreshToken(LiveRefreshToken, issuedAt: NumericDate)
    /// A token of another issuer, an expired or void token, or no token at all.
    case inactive

    /// `nil` for an inactive token.
    var audience: [Audience]? {
        switch self {
        case .accessToken(let token): token.claims.audience
        case .refreshToken(let token, _): token.audience
        case .inactive: nil
        }
    }
}

/// Inspects texts that may be tokens of this issuer.
///
/// Each text costs one signature check, one attempt to open it as a refresh token, and the reading of one token of each
/// kind, so that the time does not show why a token is inactive. Tests compare the counts.
package struct TokenInspector: Sendable {
    /// The operations of an inspection.
    struct Work: Equatable {
        var signatures: [VerificationWork: Int] = [:]
        /// Payloads of access tokens that were read.
        var payloads = 0
        /// What the sealer has done.
        var sealer = RefreshTokenSealer.Work()
        /// Refresh tokens that were compared with a registration.
        var registrations = 0
    }

    let keys: JWKSet
    let clients: ClientRegistry
    let policy: IssuancePolicy
    let sealer: RefreshTokenSealer
    /// A JWS with a made-up signature that is as long as those of the signing key.
    let decoy: CompactJWS
    private let decoyTokens: DecoyTokens

    /// - Parameters:
    ///   - keys: the published keys.
    ///   - signingKey: one of them, which is tried if a text names no key.
    package init(
        keys: JWKSet, signingKey: SigningKey, clients: ClientRegistry, policy: IssuancePolicy,
        sealer: RefreshTokenSealer
    ) throws(KeyError) {
        self.keys = keys
        self.clients = clients
        self.policy = policy
        self.sealer = sealer
        decoyTokens = try DecoyTokens(issuer: policy.issuer)
        let signature = signingKey.type.decoySignature
        let input = JWSSigningInput(encodedHeader: signingKey.encodedHeader, payload: [])
        do throws(JWSError) {
            decoy = try CompactJWS(parsing: input.compactText(with: signature))
        } catch {
            throw .unsupportedType
        }
    }

    var issuer: Issuer { policy.issuer }

    func inspect(_ text: String, now: NumericDate, work: inout Work) throws(TokenRefusal) -> InspectedToken {
        let accessToken = try accessToken(text, now: now, work: &work)
        let refreshToken = try refreshToken(text, now: now, work: &work)
        if let accessToken { return .accessToken(accessToken) }
        guard let refreshToken else { return .inactive }
        return .refreshToken(refreshToken, issuedAt: refreshToken.token.issuedAt)
    }

    /// Verifies the text as a resource server would, for any audience.
    private func accessToken(
        _ text: String, now: NumericDate, work: inout Work
    ) throws(TokenRefusal) -> VerifiedAccessToken? {
        let jws = try? CompactJWS(parsing: text)
        let possible = jws.flatMap { jws in key(of: jws).map(jws.canBeSigned(by:)) == true ? jws : nil }
        let verified = try verified(possible ?? decoy, work: &work)
        // The payload of another kind of JWT is not read.
        let genuine = possible == nil ? nil : verified.flatMap { Self.mayBeAccessToken($0.header) ? $0 : nil }
        let token = try? VerifiedAccessToken(
            genuine ?? decoyTokens.accessToken, text: text, issuer: policy.issuer, audiences: nil,
            profile: { TokenProfile(shape(of: $0)) }, now: now, leeway: .zero)
        work.payloads += 1
        // Issued before the profile was on.
        let isForbidden = policy.profile.bindsAccessTokens && token?.payload["cnf"] == nil
        let isRevoked = token.map { hasEnded($0, now: now) } ?? false
        return genuine == nil || isForbidden || isRevoked ? nil : token
    }

    /// Whether the status list that the token names says so; or, for a token that names none, whether its client has a later
    /// moment. A client that is not registered has no tokens.
    func hasEnded(_ token: VerifiedAccessToken, now: NumericDate) -> Bool {
        guard let client = token.claims.clientID.flatMap({ clients[$0] }), let issuedAt = token.claims.issuedAt else {
            return true
        }
        let reference: StatusListReference?
        do throws(AccessTokenRejection) { reference = try StatusListReference(of: token.payload) } catch { return true }
        guard let reference else { return client.notBefore.accessTokens.revokes(issuedAt, at: now) }
        guard let list = policy.statusLists.list(at: reference.uri) else { return true }
        return clients.statusLists.isRevoked(reference.index, in: list, at: now)
    }

    static func mayBeAccessToken(_ header: JOSEHeader) -> Bool {
        AccessTokenShape.HeaderType.allCases.contains { header.hasType($0.rawValue) }
    }

    /// The shape that tokens of the client have. With `typ: JWT` only those of a client with this type are access tokens
    /// of the issuer. The form of the scope may have changed since the token was issued.
    private func shape(of claims: JSONObject) -> AccessTokenShape {
        let client = claims["client_id"]?.string.flatMap { try? ClientID($0) }.flatMap { clients[$0] }
        return (client?.tokenShape ?? .standard).withScopeInEitherForm
    }

    private func verified(_ jws: CompactJWS, work: inout Work) throws(TokenRefusal) -> VerifiedJWS? {
        if let key = key(of: jws) { work.signatures[VerificationWork(key), default: 0] += 1 }
        return try TokenRefusal.checking { () throws(JWSError) in try jws.verified(by: keys) }
    }

    private func key(of jws: CompactJWS) -> PublicKey? {
        keys.onlyKey(withID: jws.header.keyID, for: jws.header.algorithm)?.publicKey
    }

    private func refreshToken(
        _ text: String, now: NumericDate, work: inout Work
    ) throws(TokenRefusal) -> LiveRefreshToken? {
        let opened: RefreshToken?
        do throws(LibcryptoError) {
            opened = try sealer.open(
                sealer.looksSealed(text) ? text : RefreshTokenSealer.decoy, work: &work.sealer)
        } catch {
            throw .failure(error)
        }
        // A client that has been removed is replaced by one that a token is not of.
        let client = clients[(opened ?? decoyTokens.refreshToken).clientID] ?? decoyTokens.client
        let live = try? LiveRefreshToken(
            opened ?? decoyTokens.refreshToken, of: client, policy: policy, now: now)
        work.registrations += 1
        return opened == nil ? nil : live
    }
}
