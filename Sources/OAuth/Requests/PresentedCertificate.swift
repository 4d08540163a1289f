import Libcrypto

/// The certificate of a client that has proved to hold its private key, RFC 8705 section 2: in the TLS handshake with this
/// service, or in that with a trusted proxy. Nothing else is verified yet.
public struct PresentedCertificate: Sendable, Equatable {
    /// The client's certificate in DER.
    package let der: [UInt8]
    /// The certificates that the client sent beside it, in DER. They may lead from it to an authority.
    package let intermediates: [[UInt8]]

    /// - Parameter intermediates: the first ones are kept, as many as a path may have.
    package init(der: [UInt8], intermediates: [[UInt8]] = []) {
        self.der = der
        self.intermediates = Array(intermediates.prefix(TrustAnchors.mostIntermediates))
    }
}
