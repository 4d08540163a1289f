package import SystemPackage

/// Who ends TLS: `tls` of the configuration.
package enum TLSTermination: Sendable, Equatable {
    /// Nobody, which is for an issuer on a loopback host.
    case none
    /// A proxy in front of the service: `tls: terminated-upstream`.
    case upstream
    /// The service itself: `tls.certificate`, a chain in PEM with the service's own certificate first, and `tls.private_key`.
    case here(certificate: FilePath, privateKey: FilePath)

    /// The files that are watched.
    package var files: [FilePath] {
        if case .here(let certificate, let privateKey) = self { [certificate, privateKey] } else { [] }
    }
}
