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

    /// The certificate of the client that a request came from: what it presented in the handshake with this service, or what
    /// a trusted proxy names in the one field of the configuration. The field counts for nothing from any other peer. The
    /// certificate of a proxy itself is never that of a client.
    ///
    /// - Parameters:
    ///   - peer: the other end of the connection; `nil` for a connection without an address.
    ///   - own: the certificates of the connection, the peer's own first.
    ///   - fieldValues: the values of all lines of a field in their order, by its name in lower case.
    /// - Throws: ``TokenRefusal/Code/malformedCertificate`` if a trusted proxy's field has not its form.
    func certificate(
        of peer: IPAddress?, _ own: [[UInt8]], fieldValues: (String) -> [String]
    ) throws(TokenRefusal) -> PresentedCertificate? {
        guard let peer, isTrusted(peer), settings.certificateField != nil || isForwarded(fieldValues) else {
            return own.first.map { PresentedCertificate(der: $0, intermediates: Array(own.dropFirst())) }
        }
        guard let field = settings.certificateField else { return nil }
        let lines = fieldValues(field.rawValue)
        do throws(ForwardedCertificate.Malformed) {
            switch field {
            case .clientCert:
                return try ForwardedCertificate.inClientCert(lines, chain: fieldValues("client-cert-chain"))
            case .forwardedClientCert: return try ForwardedCertificate.inForwardedClientCert(lines)
            }
        } catch {
            throw TokenRefusal(.malformedCertificate)
        }
    }

    /// Whether the peer reports another address. One that does not may be a client beside the proxies.
    private func isForwarded(_ fieldValues: (String) -> [String]) -> Bool {
        !fieldValues(settings.field.rawValue).isEmpty
    }

    /// Whose share of the memory budget a peer draws from; `nil` for a proxy, whose connections are those of many clients.
    func share(of peer: IPAddress) -> AddressBlock? { isTrusted(peer) ? nil : peer.block }

    /// Whether the peer is a proxy, whose connections many clients may share.
    func isTrusted(_ peer: IPAddress) -> Bool {
        settings.networks.contains { $0.contains(peer) }
    }
}
