package import AccessToken
package import Libcrypto

/// Verifies the path from a certificate to an authority that clients are trusted by: `tls.client_ca`. The caller provides it
/// with the authorities of the moment, and may cache what it has verified.
package struct CertificatePathCheck: Sendable {
    /// Returns why the certificate is not trusted at a time; `nil` if it is.
    package let fault: @Sendable (Certificate, PresentedCertificate, NumericDate) -> CertificatePathError?

    package init(fault: @escaping @Sendable (Certificate, PresentedCertificate, NumericDate) -> CertificatePathError?) {
        self.fault = fault
    }
}
