public import AccessToken

extension VerifiedAccessToken {
    /// Throws where the token's scope lacks a token of `scope` (RFC 6750 section 3.1, `insufficient_scope`).
    public func require(scope: Scope) throws(InsufficientScope) {
        guard scope.isSubset(of: claims.scope) else { throw InsufficientScope(required: scope) }
    }
}

/// The token is good, but not for this.
public struct InsufficientScope: Error, Sendable {
    /// What would have been needed.
    public let required: Scope
}
