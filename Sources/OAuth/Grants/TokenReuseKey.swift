import AccessToken

/// What two requests have in common that one access token can answer.
package struct TokenReuseKey: Sendable, Hashable {
    /// The very registration: a client that was registered anew may have other claims, or another lifetime.
    private let client: ObjectIdentifier
    private let scope: Scope
    private let audience: [Audience]
    /// After a rotation it is another one.
    private let keyID: String

    /// It stands for the grant as long as the grant, or a token with it, is there.
    package init(_ grant: AuthorizedGrant, key: SigningKey) {
        client = ObjectIdentifier(grant.client)
        scope = grant.scope
        audience = grant.audience
        keyID = key.keyID
    }
}
