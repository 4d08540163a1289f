public import AccessToken
import JOSE
import Libcrypto
import WireText

/// The certificate that a client has shown in the TLS handshake. A token that is bound to it (`x5t#S256`) comes from the
/// client that has its private key, RFC 8705 section 3.
///
/// Nothing in it is read or checked: TLS has proven that the client has the key, and the token says which certificate it
/// must be.
public struct ClientCertificate: Sendable, Equatable {
    /// The certificate in DER.
    public let der: [UInt8]

    /// - Parameter der: the certificate of the connection.
    public init(der: [UInt8]) { self.der = der }

    /// - Parameter pem: a text with certificates, of which the first counts, such as a client's certificate file.
    public init(pem: String) throws(InvalidValue) {
        guard let der = Self.der(ofPEM: Octets(pem)) else { throw InvalidValue("has no certificate in PEM") }
        self.der = der
    }

    /// The certificate that a proxy passes on in the field `Client-Cert`, RFC 9440 section 2.1.
    ///
    /// Use it only if the proxy removes the field from what clients send, and if nothing but the proxy reaches the server.
    /// Otherwise each client could name a certificate that it does not have.
    ///
    /// - Parameter fields: the values of all such fields.
    /// - Returns: `nil` unless there is exactly one, and a certificate in it.
    public init?(clientCert fields: [String]) {
        guard fields.count == 1, let item = fields.first.map({ Octets($0).trimmed.split(at: ";").head.trimmed }),
            let der = CertificateFields.byteSequence(item)
        else { return nil }
        self.der = der
    }

    /// The certificate that Envoy passes on in the field `X-Forwarded-Client-Cert`: that of the last element, which the proxy
    /// before the server has written. It needs `Cert`. Envoy writes URIs and DNS names of the certificate without quotes, so a list
    /// of several elements with one of them is refused: a client could begin an element of its own in its certificate.
    ///
    /// Use it only if the proxy removes the field from what clients send, and if nothing but the proxy reaches the server.
    ///
    /// - Parameter fields: the values of all such fields.
    /// - Returns: `nil` unless there is exactly one, and a certificate in its last element. Envoy writes one, so that another is a
    ///   client's.
    public init?(forwardedClientCert fields: [String]) {
        guard fields.count == 1, let field = fields.first,
            let values = CertificateFields.lastElement(ofForwardedClientCert: Octets(field)),
            let pem = values["cert"]?.percentDecoded, let der = Self.der(ofPEM: Octets(pem))
        else { return nil }
        self.der = der
    }

    /// Its SHA-256.
    func digest() throws(LibcryptoError) -> [UInt8] { try HashFunction.sha256.digest(of: der.span) }

    /// RFC 7468 section 5.1
    private static func der(ofPEM text: Octets) -> [UInt8]? {
        var base64: [UInt8]?
        for line in text.eachPart(between: "\n") {
            let line = (line.last == UInt8(ascii: "\r") ? line.dropLast() : line).trimmed
            if line.isSame(as: "-----BEGIN CERTIFICATE-----") {
                base64 = []
            } else if line.isSame(as: "-----END CERTIFICATE-----"), let base64 {
                let der = Base64.decode(String(decoding: base64, as: UTF8.self))
                return der?.isEmpty == true ? nil : der
            } else {
                base64?.append(contentsOf: line.array)
            }
        }
        return nil
    }
}
