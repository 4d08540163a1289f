import AccessToken
import OAuth
import ServiceFiles
import WireText

/// Finds the address that a request came from, behind the proxies of `trusted_proxies`.
struct TrustedProxies: Sendable {
    /// The most list elements that are read, empty ones included: more than there are proxies in a row anywhere. RFC
    /// 9110 section 5.6.1.2 asks for a limit on empty ones.
    static let mostElements = 64

    private let settings: TrustedProxySettings

    init(_ settings: TrustedProxySettings) {
        self.settings = settings
    }

    /// The address that a request came from: the peer's, unless that is a trusted proxy, which reports another.
    ///
    /// Each proxy appends to the field that the configuration names, so the last address that is not a trusted proxy
    /// counts. The client may have written all that is before it, and none of that is read. An element that is not an
    /// address ends the search, and the address after it counts.
    ///
    /// - Parameters:
    ///   - peer: the other end of the connection.
    ///   - fieldValues: the values of all lines of a field in their order, by its name in lower case.
    func origin(of peer: IPAddress, fieldValues: (String) -> [String]) -> IPAddress {
        guard isTrusted(peer) else { return peer }
        let field = settings.field
        let elements = ForwardedElements(fieldValues(field.rawValue), hasQuotedStrings: field == .forwarded)
        var origin = peer
        for element in elements.prefix(Self.mostElements) where !element.isEmpty {
            let address =
                switch field {
                case .forwardedFor: ForwardedAddress.inForwardedFor(element)
                case .forwarded: ForwardedAddress.inForwarded(element)
                }
            guard let address else { return origin }
            origin = address
            guard isTrusted(address) else { return origin }
        }
        return origin
    }

    /// Whose share of the memory budget a peer draws from; `nil` for a proxy, whose connections are those of many clients.
    func share(of peer: IPAddress) -> AddressBlock? { isTrusted(peer) ? nil : peer.block }

    /// Whether the peer is a proxy, whose connections many clients may share.
    func isTrusted(_ peer: IPAddress) -> Bool {
        settings.networks.contains { $0.contains(peer) }
    }
}
