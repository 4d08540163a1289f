import OAuth

/// What reading `clients.yaml` takes of the configuration.
package struct ClientsContext: Sendable, Equatable {
    /// How certificates of clients arrive.
    let certificates: CertificateSupport
    /// `profile`
    let profile: SecurityProfile
    /// `access_token.certificate_bound`
    let bindsTokensToCertificates: Bool
    /// `access_token.status_list`: two clients cannot have one place then.
    let listsStatus: Bool
    /// `delegations`; `nil` if every file may hand out everything.
    let delegations: Delegations?

    init(
        certificates: CertificateSupport, profile: SecurityProfile = .standard, bindsTokensToCertificates: Bool = false,
        listsStatus: Bool = false, delegations: Delegations? = nil
    ) {
        self.delegations = delegations
        self.listsStatus = listsStatus
        self.certificates = certificates
        self.profile = profile
        self.bindsTokensToCertificates = bindsTokensToCertificates
    }
}
