import OAuth

/// What reading `clients.yaml` takes of the configuration.
package struct ClientsContext: Sendable, Equatable {
    /// How certificates of clients arrive.
    let certificates: CertificateSupport
    /// `profile`
    let profile: SecurityProfile
    /// `access_token.certificate_bound`
    let bindsTokensToCertificates: Bool

    init(
        certificates: CertificateSupport, profile: SecurityProfile = .standard, bindsTokensToCertificates: Bool = false
    ) {
        self.certificates = certificates
        self.profile = profile
        self.bindsTokensToCertificates = bindsTokensToCertificates
    }
}
