/// The longest that tokens can live: for so long after its last token a key is needed.
package struct TokenLifetimes: Sendable {
    let accessToken: Duration
    let refreshToken: Duration

    /// Of the tokens that the keys of a chain make.
    package subscript(purpose: KeyChain.Purpose) -> Duration {
        switch purpose {
        case .signing: accessToken
        case .sealing: refreshToken
        }
    }
}
