import AccessToken
import SystemPackage

/// The settings for certificates of clients, RFC 8705.
struct CertificateSettings: Sendable {
    /// `tls.client_ca`
    var clientCAFile: FilePath?
    /// `access_token.certificate_bound`
    var bindsTokens = false
    /// `tls.mtls_alias`
    var origin: String?
}

extension SettingReader {
    /// Reads them and reports what makes no sense together.
    mutating func certificates(_ tls: TLSTermination, _ proxies: TrustedProxySettings) -> CertificateSettings {
        let settings = CertificateSettings(
            clientCAFile: path(.tlsClientCA),
            bindsTokens: value(.accessTokenCertificateBound, DurationText.parseSwitch) ?? false,
            origin: value(.tlsMTLSAlias, Self.origin))
        guard !CertificateSupport.canArrive(tls, proxies) else { return settings }
        let hint =
            "tls: { certificate: tls.crt, private_key: tls.key }, or trusted_proxies: { from: [10.0.0.0/8], "
            + "client_certificate: client-cert }"
        let message = "is set, but no certificate of a client arrives: the service ends no TLS, and no proxy names one"
        if settings.clientCAFile != nil { note(.tlsClientCA, message, hint: hint) }
        if settings.bindsTokens { note(.accessTokenCertificateBound, message, hint: hint) }
        if settings.origin != nil { note(.tlsMTLSAlias, message, hint: hint) }
        return settings
    }

    /// `https://` and a host, perhaps with a port.
    private static func origin(_ text: String) throws(InvalidValue) -> String {
        let uri = try AbsoluteURI(text)
        guard uri.path.isEmpty, uri.query == nil, !uri.hasFragment, TransportSecurity.isAcceptable(text) else {
            throw InvalidValue("is not https:// and a host, without a path")
        }
        return text
    }
}

extension CertificateSupport {
    static func canArrive(_ tls: TLSTermination, _ proxies: TrustedProxySettings) -> Bool {
        if case .here = tls { return true }
        return proxies.certificateField != nil
    }
}

extension ServiceConfiguration {
    /// What clients that need certificates depend on.
    package var certificateSupport: CertificateSupport {
        CertificateSupport(
            hasAuthorities: clientCAFile != nil, canArrive: CertificateSupport.canArrive(tls, trustedProxies))
    }

    /// What reading `clients.yaml` takes of it.
    package var clientsContext: ClientsContext { clientsContext(certificateSupport) }

    /// The same for a command that shows clients: one may be there before what its certificates need is configured.
    package var clientsContextToShow: ClientsContext {
        clientsContext(CertificateSupport(hasAuthorities: true, canArrive: true))
    }

    private func clientsContext(_ certificates: CertificateSupport) -> ClientsContext {
        ClientsContext(
            certificates: certificates, profile: profile, bindsTokensToCertificates: bindsTokensToCertificates,
            listsStatus: listsStatus, delegations: delegations)
    }
}
