package import SystemPackage

/// What terminates TLS: `tls` of the configuration.
package enum TLSTermination: Sendable, Equatable {
    /// Nothing: connections are in plain text. Only an issuer on a loopback host may have this.
    case none
    /// A proxy in front of the service: `tls: terminated-upstream`.
    case upstream
    /// The service itself: `tls.certificate`, a chain in PEM with the service's own certificate first, and `tls.private_key`.
    case here(certificate: FilePath, privateKey: FilePath)

    /// The files that the service watches for changes.
    package var files: [FilePath] {
        if case .here(let certificate, let privateKey) = self { [certificate, privateKey] } else { [] }
    }
}
