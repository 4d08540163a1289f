public import AccessToken

extension VerifiedAccessToken {
    /// The scope that the issuer granted: `token.scope.contains("site.read")`.
    public var scope: Scope { claims.scope }

    /// Checks that the token's scope contains all of `scope` (RFC 6750 section 3.1, `insufficient_scope`).
    public func require(scope: Scope) throws(InsufficientScope) {
        guard scope.isSubset(of: claims.scope) else { throw InsufficientScope(required: scope) }
    }

    /// The same for a scope that the program has as a text: `try token.require(scope: "site.write")`.
    ///
    /// - Parameter scope: scope tokens with single spaces between them. A text that is no scope is never contained.
    public func require(scope: String) throws(InsufficientScope) {
        guard let scope = try? Scope(scope) else { throw InsufficientScope(required: .empty) }
        try require(scope: scope)
    }
}

/// The token is valid, but its scope is not sufficient: RFC 6750 section 3.1, `insufficient_scope`.
public struct InsufficientScope: Error, Sendable, Equatable {
    /// The scope that is required.
    public let required: Scope

    /// For a resource server that decides by itself what a request requires.
    public init(required: Scope) {
        self.required = required
    }
}
