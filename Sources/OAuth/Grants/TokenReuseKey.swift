/// What requests have in common that one access token can answer.
package struct TokenReuseKey: Sendable, Hashable {
    /// With the registration itself: a client that was registered anew may have other claims, or another lifetime.
    private let terms: AuthorizedGrant.Terms
    /// Another one after a rotation.
    private let keyID: String

    /// - Parameter key: the one that signs the token.
    package init(_ terms: AuthorizedGrant.Terms, key: SigningKey) {
        self.terms = terms
        keyID = key.keyID
    }
}
