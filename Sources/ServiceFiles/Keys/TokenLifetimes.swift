/// The longest lifetimes of tokens. A key is needed for that long after its last token.
package struct TokenLifetimes: Sendable {
    let accessToken: Duration
    let refreshToken: Duration

    /// The longest lifetime of tokens that the keys of a chain make.
    package subscript(purpose: KeyChain.Purpose) -> Duration {
        switch purpose {
        case .signing: accessToken
        case .sealing: refreshToken
        }
    }

    /// The same with another lifetime of access tokens.
    package func retaining(accessToken: Duration) -> TokenLifetimes {
        TokenLifetimes(accessToken: accessToken, refreshToken: refreshToken)
    }
}
