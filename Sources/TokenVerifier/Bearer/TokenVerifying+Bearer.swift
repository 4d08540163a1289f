public import AccessToken
public import Logging
import WireText

extension TokenVerifying {
    /// Decides on a request by its `Authorization` fields: RFC 6750, for any HTTP framework. A token that is bound to a key is
    /// refused: use ``authorize(_:requiring:in:logger:)`` for a server that gets such tokens.
    ///
    /// - Parameters:
    ///   - fields: the values of all `Authorization` fields of the request, as the framework received them.
    ///   - scope: the scope that a token must have.
    ///   - space: how challenges name the resource server. By default the realm is ``defaultRealm``.
    ///   - logger: gets the reason of a refusal at the level `debug`, such as the logger of the request.
    /// - Returns: the verified token, or the answer to a request without one.
    public func authorize(
        authorization fields: [String], requiring scope: Scope = .empty, in space: ProtectionSpace? = nil,
        logger: Logger? = nil
    ) async -> Result<VerifiedAccessToken, BearerChallenge> {
        let request = ProtectedResourceRequest(method: "", url: nil, authorization: fields)
        return await authorize(request, requiring: scope, in: space, logger: logger)
    }

    /// Decides on a request: RFC 6750, RFC 9449 section 7 and RFC 8705 section 3, for any HTTP framework.
    ///
    /// Call it once for a request: a DPoP proof is used up by it, and a second call refuses the request.
    ///
    /// - Parameters:
    ///   - request: the request, as the framework received it.
    ///   - scope: the scope that a token must have.
    ///   - space: how challenges name the resource server. By default the realm is ``defaultRealm``.
    ///   - logger: gets the reason of a refusal at the level `debug`, such as the logger of the request; and a warning if DPoP
    ///     is required and no proof can be checked, since ``ProtectedResourceRequest/url`` is missing.
    /// - Returns: the verified token, or the answer to a request without one.
    public func authorize(
        _ request: ProtectedResourceRequest, requiring scope: Scope = .empty, in space: ProtectionSpace? = nil,
        logger: Logger? = nil
    ) async -> Result<VerifiedAccessToken, BearerChallenge> {
        let credentials = request.authorization.first.flatMap(TokenCredentials.init)
        if request.url == nil, schemes.contains(.dpop), !schemes.contains(.bearer) {
            logger?.warning("DPoP is required, and no proof can be checked: the public URL of the request is not known")
        }
        let space = space ?? ProtectionSpace(of: self)
        func challenge(_ cause: BearerChallenge.Cause) -> Result<VerifiedAccessToken, BearerChallenge> {
            // Without the URL of the request no DPoP proof can be checked.
            let offered = request.url == nil ? [.bearer] : schemes
            let used = credentials.flatMap { offered.contains($0.scheme) ? $0.scheme : nil }
            let schemes = ChallengedSchemes(offered, used: used, proofAlgorithms: proofAlgorithms)
            return .failure(BearerChallenge(cause, requiring: scope, in: space, schemes))
        }
        // RFC 6750 section 3.1: a request has one token, sent in one way.
        guard request.authorization.count <= 1 else { return challenge(.severalTokens) }
        // A token with a scheme that is not offered is examined too, so that its refusal is counted and says why.
        guard let credentials else { return challenge(.missingToken) }
        let verified: VerifiedAccessToken
        do throws(AccessTokenVerificationError) {
            verified = try await verify(credentials.token, as: credentials.scheme, in: request)
        } catch {
            logger?.debug(
                "An access token was not accepted",
                metadata: ["reason": .string(error.code), "description": .string(error.description)])
            return challenge(BearerChallenge.Cause(error))
        }
        guard scope.isSubset(of: verified.claims.scope) else { return challenge(.insufficientScope) }
        return .success(verified)
    }
}

extension BearerChallenge.Cause {
    fileprivate init(_ error: AccessTokenVerificationError) {
        switch error {
        case .rejected(let rejection): self = .invalidToken(rejection)
        case .invalidProof(let error): self = .invalidProof(error)
        case .nonceRequired(let nonce): self = .nonceRequired(nonce)
        case .noKeys, .noStatusList, .cannotVerify, .tooManyProofs: self = .unavailable
        }
    }
}

/// The credentials of an `Authorization` field: RFC 6750 section 2.1, RFC 9449 section 7.1.
struct TokenCredentials {
    let scheme: AuthorizationScheme
    let token: String

    /// - Returns: `nil` if the field has another scheme, or no token. The scheme is case-insensitive (RFC 9110 section 11.1).
    init?(_ field: String) {
        let (name, token) = Octets(field).trimmed.split(at: " ")
        guard let scheme = AuthorizationScheme.allCases.first(where: { name.isSameIgnoringCase(as: $0.rawValue) }),
            let token
        else { return nil }
        self.scheme = scheme
        self.token = token.trimmed.text
    }
}
