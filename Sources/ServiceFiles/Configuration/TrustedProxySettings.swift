package import AccessToken

/// `trusted_proxies` of the configuration.
package struct TrustedProxySettings: Sendable, Equatable {
    /// The addresses of the proxies: `trusted_proxies.from`, or `trusted_proxies` itself if it is a list. Empty if
    /// there are none.
    package let networks: [IPNetwork]
    /// `trusted_proxies.field`
    package let field: ForwardingField
    /// `trusted_proxies.client_certificate`; `nil` if the proxies name no certificates of clients.
    package let certificateField: CertificateField?

    /// No proxy is trusted.
    package static let none = TrustedProxySettings(networks: [])

    package init(
        networks: [IPNetwork], field: ForwardingField = .forwardedFor, certificateField: CertificateField? = nil
    ) {
        self.certificateField = certificateField
        self.networks = networks
        self.field = field
    }
}

/// The one field in which trusted proxies name the address that a request came from.
package enum ForwardingField: String, Sendable, CaseIterable {
    /// A list of addresses.
    case forwardedFor = "x-forwarded-for"
    /// RFC 7239
    case forwarded
}

/// The one field in which trusted proxies have the certificate that a client presented to them.
package enum CertificateField: String, Sendable, CaseIterable {
    /// RFC 9440, with the other certificates of the client in `Client-Cert-Chain`.
    case clientCert = "client-cert"
    /// Envoy's, with `Cert=`.
    case forwardedClientCert = "x-forwarded-client-cert"
}
