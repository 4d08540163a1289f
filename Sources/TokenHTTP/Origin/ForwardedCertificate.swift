import AccessToken
import Libcrypto
import OAuth
import WireText

/// The certificate of a client in the field of a proxy that it presented the certificate to.
///
/// The proxy writes the field; what a client has written itself may stand in it too. So a field that is not exactly in its
/// form is refused, and never read in part.
enum ForwardedCertificate {
    /// A field that has not the form of its standard.
    struct Malformed: Error, Equatable {}

    /// `Client-Cert`, RFC 9440 section 2.2: one byte sequence. It must not occur twice, and is no list.
    ///
    /// - Parameters:
    ///   - lines: the values of all lines of the field.
    ///   - chain: those of `Client-Cert-Chain`, section 2.3.
    /// - Returns: `nil` without the field.
    static func inClientCert(
        _ lines: [String], chain: [String] = []
    ) throws(Malformed) -> PresentedCertificate? {
        guard let line = lines.first else { return nil }
        guard lines.count == 1, let der = CertificateFields.byteSequence(Octets(line).trimmed) else {
            throw Malformed()
        }
        var intermediates: [[UInt8]] = []
        for line in chain {
            for element in Octets(line).eachPart(between: ",") {
                guard let der = CertificateFields.byteSequence(element.trimmed), intermediates.count < mostInChain
                else {
                    throw Malformed()
                }
                intermediates.append(der)
            }
        }
        return try certificate(der, intermediates)
    }

    /// `X-Forwarded-Client-Cert` of Envoy: ``CertificateFields/lastElement(ofForwardedClientCert:)``.
    ///
    /// - Returns: `nil` without the field, and if the last element has no `Cert`: the client presented none.
    static func inForwardedClientCert(_ lines: [String]) throws(Malformed) -> PresentedCertificate? {
        guard let line = lines.first else { return nil }
        guard lines.count == 1,
            let values = CertificateFields.lastElement(ofForwardedClientCert: Octets(line))
        else { throw Malformed() }
        guard let text = values["cert"] else { return nil }
        let own = try certificates(text)
        guard own.count == 1 else { throw Malformed() }
        let chain = try values["chain"].map { (text) throws(Malformed) in try certificates(text) } ?? []
        // `Chain` begins with the client's own certificate.
        return PresentedCertificate(der: own[0], intermediates: chain.filter { $0 != own[0] })
    }

    /// As many as a request has room for.
    private static let mostInChain = TrustAnchors.mostIntermediates + 1

    /// Certificates in PEM, percent-encoded.
    private static func certificates(_ text: Octets) throws(Malformed) -> [[UInt8]] {
        guard let pem = text.percentDecoded, let read = try? Certificate.readAll(pem: Array(pem.utf8).span),
            read.count <= mostInChain + 1
        else { throw Malformed() }
        return read.map(\.der)
    }

    private static func certificate(
        _ der: [UInt8], _ intermediates: [[UInt8]]
    ) throws(Malformed) -> PresentedCertificate {
        guard (try? Certificate(der: der.span)) != nil else { throw Malformed() }
        return PresentedCertificate(der: der, intermediates: intermediates)
    }
}
