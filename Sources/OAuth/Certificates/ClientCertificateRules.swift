package import Libcrypto

/// How a client uses certificates, RFC 8705.
package struct ClientCertificateRules: Sendable {
    /// How the certificate must name a client with `tls_client_auth`; `nil` for others.
    package var subject: CertificateSubject?
    /// What a client with `self_signed_tls_client_auth` has registered; empty for others.
    package var registered: [RegisteredCertificate]
    /// `tls_client_certificate_bound_access_tokens`, section 3.4.
    package var bindsAccessTokens: Bool

    package init(
        subject: CertificateSubject? = nil, registered: [RegisteredCertificate] = [], bindsAccessTokens: Bool = false
    ) {
        self.subject = subject
        self.registered = registered
        self.bindsAccessTokens = bindsAccessTokens
    }

    /// The client needs no certificate.
    package static let none = ClientCertificateRules()

    /// Whether the client must present a certificate.
    var needsCertificate: Bool { subject != nil || !registered.isEmpty || bindsAccessTokens }
}

/// A key of the `jwks` of a client with `self_signed_tls_client_auth`, RFC 8705 section 2.2.2.
package enum RegisteredCertificate: Sendable {
    /// `x5c`: this certificate alone, in DER.
    case certificate([UInt8])
    /// A key without `x5c`: every certificate of that key.
    case key(PublicKey)

    func matches(_ certificate: Certificate, _ presented: PresentedCertificate) -> Bool {
        switch self {
        case .certificate(let der): der == presented.der
        case .key(let key): certificate.hasKey(key)
        }
    }
}
