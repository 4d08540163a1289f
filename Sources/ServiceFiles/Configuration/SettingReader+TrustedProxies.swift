import AccessToken
import OAuth
import WireText

extension SettingReader {
    /// `trusted_proxies`; ``TrustedProxySettings/none`` if it is absent, or invalid and reported.
    ///
    /// - Parameter tls: with ``TLSTermination/upstream`` there is a proxy, and a warning if it is not named.
    mutating func trustedProxies(_ tls: TLSTermination) -> TrustedProxySettings {
        let list = layer(of: .trustedProxies)
        let section = layer(of: .trustedProxiesFrom)
        if let list, list == section {
            note(.trustedProxies, "is set together with trusted_proxies.from; only one of them is allowed")
        }
        // The later layer overrides the earlier, as for every setting.
        let isList = list.map { list in section.map { list > $0 } ?? true } ?? false
        let name: SettingName = isList ? .trustedProxies : .trustedProxiesFrom
        let networks = value(name, Self.networks) ?? []
        let field = value(.trustedProxiesField, Self.field)
        let certificateField = value(.trustedProxiesClientCertificate, Self.certificateField)
        for name in [SettingName.trustedProxiesField, .trustedProxiesClientCertificate] {
            if list == nil, section == nil, has(name) { note(name, "comes without trusted_proxies.from") }
        }
        if networks.isEmpty, tls == .upstream {
            warn(
                .tls, "is terminated-upstream without trusted_proxies: all clients have the proxy's address",
                hint: "\(Self.hint), with the addresses of the proxies and the field that they set")
        } else if !networks.isEmpty, !has(.trustedProxiesField) {
            warn(
                name, "names no field: x-forwarded-for is believed, and forwarded is ignored",
                hint: "\(Self.hint), or field: forwarded")
        }
        return TrustedProxySettings(
            networks: networks, field: field ?? .forwardedFor,
            certificateField: networks.isEmpty ? nil : certificateField)
    }

    private static let hint = "trusted_proxies: { from: [10.0.0.0/8], field: x-forwarded-for }"

    /// Networks separated by commas, with blanks around them.
    private static func networks(_ text: String) throws(InvalidValue) -> [IPNetwork] {
        var networks: [IPNetwork] = []
        if text == SettingName.emptyList { return networks }
        for element in Octets(text).parts(between: ",").map(\.trimmed) where !element.isEmpty {
            networks.append(try IPNetwork(element.text))
        }
        guard !networks.isEmpty else { throw InvalidValue("is empty; [] stands for no proxy") }
        return networks
    }

    private static func certificateField(_ text: String) throws(InvalidValue) -> CertificateField {
        let fields = CertificateField.allCases
        guard let field = fields.first(where: { Octets(text).isSameIgnoringCase(as: $0.rawValue) }) else {
            throw InvalidValue("is neither client-cert nor x-forwarded-client-cert")
        }
        return field
    }

    private static func field(_ text: String) throws(InvalidValue) -> ForwardingField {
        // RFC 9110 section 5.1: names of fields are case-insensitive.
        guard let field = ForwardingField.allCases.first(where: { Octets(text).isSameIgnoringCase(as: $0.rawValue) })
        else { throw InvalidValue("is neither x-forwarded-for nor forwarded") }
        return field
    }
}
