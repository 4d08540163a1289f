import AccessToken

/// The key for reusing access tokens: requests with equal keys can get the same token.
package struct TokenReuseKey: Sendable, Hashable {
    /// The terms include the registration itself: a client that is registered again may have other claims or another
    /// lifetime.
    private let terms: AuthorizedGrant.Terms
    /// The answer repeats the scope in the order of the request.
    private let scope: String
    /// Changes with each rotation.
    private let keyID: String

    /// - Parameter key: the key that signs the token.
    package init(_ terms: AuthorizedGrant.Terms, key: SigningKey) {
        self.terms = terms
        scope = terms.scope.description
        keyID = key.keyID
    }

    /// Hashes the parts that differ between the requests of a client. Equality compares all parts.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(terms.client)
        hasher.combine(scope)
        hasher.combine(terms.audience)
    }
}
