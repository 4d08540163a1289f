package import AccessToken

/// About which tokens a client may ask, `introspect` of its registration.
package enum IntrospectionPermission: Sendable, Hashable {
    /// `false`: about none.
    case none
    /// `true`: about all, whomever they are meant for.
    case all
    /// A list: about those that are meant for one of these resource servers. Others are not active to it, as RFC 9701
    /// section 5 asks.
    case audiences([Audience])

    /// Whether a token with this audience may be told of.
    func covers(_ audience: [Audience]) -> Bool {
        switch self {
        case .none: false
        case .all: true
        case .audiences(let own): audience.contains(where: own.contains)
        }
    }
}
