public import AccessToken
import JOSE

/// The answer to a request without a sufficient token: status and `WWW-Authenticate`, RFC 6750 section 3 and RFC 9449 section
/// 7.1.
public struct BearerChallenge: Error, Sendable, Equatable {
    /// Why the request was not answered otherwise.
    public enum Cause: Sendable, Equatable {
        /// The request has no access token. RFC 6750 section 3.1: then there is no error code.
        case missingToken
        /// The request has more than one `Authorization` field: `invalid_request`.
        case severalTokens
        /// The token was refused: `invalid_token`.
        case invalidToken(AccessTokenRejection)
        /// The token is valid, and the DPoP proof was refused: `invalid_dpop_proof`.
        case invalidProof(DPoPProofError)
        /// The DPoP proof lacks this nonce: `use_dpop_nonce`, RFC 9449 section 9.
        case nonceRequired(String)
        /// The token is valid, and its scope does not contain the required one: `insufficient_scope`.
        case insufficientScope
        /// The token could not be checked: the issuer's keys or the token's status list are not available, libcrypto
        /// failed, or there is no room to record the DPoP proof. The client's token may be valid, so it gets no challenge.
        case unavailable
    }

    /// Why the request was not answered otherwise.
    public let cause: Cause
    /// 400, 401, 403 or 503.
    public let status: Int
    /// The value of the field `WWW-Authenticate`, with a challenge for each scheme that a token can be presented with; that
    /// of ``insufficientScope(_:of:in:)`` has the scheme of the token alone. It contains no part of the token. `nil` with the
    /// status 503.
    public let wwwAuthenticate: String?
    /// The value of the field `Retry-After` in seconds; with the status 503 only.
    public let retryAfter: Int?

    /// The header fields of the answer.
    public var fields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        if let wwwAuthenticate { fields.append(("WWW-Authenticate", wwwAuthenticate)) }
        if case .nonceRequired(let nonce) = cause { fields.append(("DPoP-Nonce", nonce)) }
        if let retryAfter { fields.append(("Retry-After", String(retryAfter))) }
        return fields
    }

    /// The challenge to a request whose valid token lacks scope, for a route that decides by itself what it requires.
    ///
    /// - Parameters:
    ///   - token: that of the request, which was presented with the scheme `DPoP` if it is bound to a DPoP key.
    ///   - space: the resource server, as in all its challenges.
    public static func insufficientScope(
        _ required: Scope, of token: VerifiedAccessToken? = nil, in space: ProtectionSpace
    ) -> BearerChallenge {
        let isBound = token?.payload["cnf"]?.object?["jkt"] != nil
        return BearerChallenge(
            .insufficientScope, requiring: required, in: space, ChallengedSchemes([isBound ? .dpop : .bearer]))
    }

    /// - Parameter required: the scope that the request requires.
    init(_ cause: Cause, requiring required: Scope, in space: ProtectionSpace, _ schemes: ChallengedSchemes) {
        self.cause = cause
        switch cause {
        case .missingToken, .invalidToken, .invalidProof, .nonceRequired: status = 401
        case .severalTokens: status = 400
        case .insufficientScope: status = 403
        case .unavailable:
            (status, wwwAuthenticate, retryAfter) = (503, nil, Self.retryAfter)
            return
        }
        let challenges = schemes.ordered.enumerated().map { index, scheme in
            var parameters = AuthenticationParameters()
            if let realm = space.realm { parameters.append("realm", realm) }
            // The error is about the scheme of the request.
            if index == 0 { parameters.append(cause) }
            // RFC 6750 section 3: the scope that is necessary. A client that has no token yet learns what to ask for.
            let namesScope = cause == .missingToken || cause == .insufficientScope
            if namesScope, !required.tokens.isEmpty { parameters.append("scope", required.description) }
            // RFC 9728 section 5.1
            if let url = space.metadataURL { parameters.append("resource_metadata", url) }
            // RFC 9449 section 7.1
            if scheme == .dpop, !schemes.proofAlgorithms.isEmpty {
                parameters.append("algs", schemes.proofAlgorithms.map(\.name).joined(separator: " "))
            }
            return "\(scheme.rawValue) \(parameters.text)"
        }
        wwwAuthenticate = challenges.joined(separator: ", ")
        retryAfter = nil
    }

    /// In seconds. Without keys that can be used, the next fetch may begin after one to one and a quarter.
    private static let retryAfter = 5
}

/// The schemes that a challenge names.
struct ChallengedSchemes: Sendable {
    /// That of the request first, so that its challenge has the error. At least one.
    let ordered: [AuthorizationScheme]
    let proofAlgorithms: [SignatureAlgorithm]

    /// - Parameter used: the scheme of the request; `nil` if it has none of these.
    init(_ schemes: [AuthorizationScheme], used: AuthorizationScheme? = nil, proofAlgorithms: [SignatureAlgorithm] = [])
    {
        ordered = (used.map { [$0] } ?? []) + schemes.filter { $0 != used }
        self.proofAlgorithms = proofAlgorithms
    }
}

extension AuthenticationParameters {
    /// Appends `error` and `error_description`: RFC 6750 section 3.1, RFC 9449 sections 7.1 and 9.
    fileprivate mutating func append(_ cause: BearerChallenge.Cause) {
        switch cause {
        case .missingToken, .unavailable: return
        case .severalTokens:
            append("error", "invalid_request")
            append(description: "the request has more than one Authorization field")
        case .invalidToken(let rejection):
            append("error", "invalid_token")
            append(description: "the token is refused: \(rejection)")
        case .invalidProof(let error):
            append("error", "invalid_dpop_proof")
            append(description: "the DPoP proof is refused: \(error)")
        case .nonceRequired:
            append("error", "use_dpop_nonce")
            append(description: "the DPoP proof is refused: \(DPoPProofError.nonce)")
        case .insufficientScope:
            append("error", "insufficient_scope")
            append(description: "the token's scope is not sufficient")
        }
    }
}
