package import AccessToken
package import JOSE

/// A Status List Token of the issuer without its signature, draft-ietf-oauth-status-list section 5.1.
package struct UnsignedStatusList: Sendable {
    /// Draft section 5.1
    package static let mediaType = "application/statuslist+jwt"

    /// The second that names the list.
    package let list: NumericDate
    /// What the content is a function of.
    package let lists: StatusLists
    /// The key that must sign.
    package let key: SigningKey
    /// `iat`
    package let issuedAt: NumericDate
    /// The input of the signature.
    package let signingInput: JWSSigningInput

    /// - Parameters:
    ///   - url: `sub`, the URL of the list.
    ///   - now: becomes `iat`; the content is that of this moment.
    package init(
        _ list: NumericDate, of lists: StatusLists, at url: String, key: SigningKey, now: NumericDate
    ) throws {
        self.list = list
        self.lists = lists
        self.key = key
        issuedAt = now
        let token = StatusListToken(
            uri: url, issuedAt: now, expiresAt: now + StatusListSchedule.validity,
            timeToLive: StatusListSchedule.timeToLive, list: lists.content(of: list, at: now))
        signingInput = JWSSigningInput(
            encodedHeader: key.encodedHeader(type: StatusListToken.type), payload: try token.json())
    }
}
