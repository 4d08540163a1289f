package import AccessToken

/// When a client last got a token.
package struct LastUse: Sendable, Hashable {
    package let client: ClientID
    package let time: NumericDate

    package init(_ client: ClientID, at time: NumericDate) {
        self.client = client
        self.time = time
    }
}
