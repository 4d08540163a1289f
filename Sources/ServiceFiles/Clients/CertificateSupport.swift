/// How certificates of clients can arrive and be verified: what reading `clients.yaml` takes of the configuration.
package struct CertificateSupport: Sendable, Equatable {
    /// Whether `tls.client_ca` is set.
    let hasAuthorities: Bool
    /// Whether the service sees certificates of clients.
    let canArrive: Bool
}
