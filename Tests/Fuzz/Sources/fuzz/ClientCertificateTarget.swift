import Foundation
import OAuth
import TokenVerifier
import WireText

@testable import AccessToken
@testable import JOSE
@testable import TokenHTTP

/// The fields in which a proxy passes on a client's certificate.
///
/// An input is a field; what a client wrote before the proxy writes; and a name in the client's certificate. `@` stands for
/// the certificate of another client, percent-encoded in `X-Forwarded-Client-Cert` and in base64 in `Client-Cert`.
struct ClientCertificateTarget: FuzzTarget {
    private let own: [UInt8]
    private let ownInPEM: String
    private let othersInPEM: String

    init() throws {
        guard let own = Base64.decode(Self.own) else { throw CocoaError(.coderInvalidValue) }
        self.own = own
        (ownInPEM, othersInPEM) = (Self.escapedPEM(Self.own), Self.escapedPEM(Self.others))
    }

    func parse(_ octets: [UInt8]) {
        let text = String(decoding: octets, as: UTF8.self)
        _ = try? ForwardedCertificate.inForwardedClientCert([text])
        _ = try? ForwardedCertificate.inClientCert([text], chain: [text])
        _ = ClientCertificate(forwardedClientCert: [text])
        _ = ClientCertificate(clientCert: [text])
    }

    func run(_ input: Input) throws {
        let text = String(decoding: input.octets, as: UTF8.self)
        let forwarded = text.replacing("@", with: othersInPEM)
        checkForwarded(forwarded)
        checkBefore(forwarded, input)
        checkName(forwarded, input)
        try checkClientCert(text.replacing("@", with: Self.others))
    }

    // MARK: X-Forwarded-Client-Cert

    /// Both readers agree, and a list that is written again is the same.
    private func checkForwarded(_ text: String) {
        let (service, verifier) = readers(ofForwarded: [text])
        if let service, let verifier { require(service == verifier, "service and verifier read the same certificate") }
        require(readers(ofForwarded: [text, text]) == (nil, nil), "two fields are none")
        guard let values = CertificateFields.lastElement(ofForwardedClientCert: Octets(text)) else { return }
        let written = values.map { "\($0.key)=\(Self.quoted($0.value.text))" }.joined(separator: ";")
        let again = CertificateFields.lastElement(ofForwardedClientCert: Octets(written))
        require(again == values, "an element that is written is read as the same")
        let longer = CertificateFields.lastElement(ofForwardedClientCert: Octets("Hash=00,\(text)"))
        require(longer == nil || longer == values, "an element before it changes nothing")
    }

    /// What a client wrote itself, before the proxy added its element.
    private func checkBefore(_ text: String, _ input: Input) {
        let fields = ["\(text),\(proxys)", "\(text), \(proxys)", "\(proxys),\(text),\(proxys)"]
        let (service, verifier) = readers(ofForwarded: [fields[input.choice(3, below: fields.count)]])
        require(service == nil || service == own, "the service reads the certificate that the proxy passed on")
        require(verifier == nil || verifier == own, "and so does the verifier")
    }

    /// Subject, URI and DNS name of a certificate, which its client has chosen. Envoy quotes the subject alone.
    private func checkName(_ text: String, _ input: Input) {
        let subject = "Subject=\(Self.quoted(text))"
        let quoted = "\(proxys);\(subject)"
        require(readers(ofForwarded: [quoted]) == (own, own), "whatever a subject is, the certificate is read")
        let unquoted = ["URI=\(text)", "DNS=\(text)", "URI=\(text);DNS=\(text)", "URI=;DNS=;DNS=\(text)"]
        let names = unquoted[input.choice(4, below: unquoted.count)]
        let fields = ["\(proxys);\(names)", "\(quoted);\(names)", "Hash=00,\(quoted);\(names)", "Hash=00,\(quoted)"]
        let (service, verifier) = readers(ofForwarded: [fields[input.choice(5, below: fields.count)]])
        require(service == nil || service == own, "a name of a certificate is no other certificate")
        require(verifier == nil || verifier == own, "nor is it one to the verifier")
    }

    private var proxys: String { "By=spiffe://proxy;Hash=00;Cert=\"\(ownInPEM)\"" }

    /// What service and verifier read from the field: `nil` for no certificate.
    private func readers(ofForwarded fields: [String]) -> (service: [UInt8]?, verifier: [UInt8]?) {
        let service = try? ForwardedCertificate.inForwardedClientCert(fields)
        return (service?.der, ClientCertificate(forwardedClientCert: fields)?.der)
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.utf8.flatMap { octet -> [UInt8] in
            octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), octet] : [octet]
        }
        return "\"\(String(decoding: escaped, as: UTF8.self))\""
    }

    private static func escapedPEM(_ base64: String) -> String {
        let pem = "-----BEGIN CERTIFICATE-----\n\(base64)\n-----END CERTIFICATE-----\n"
        return pem.utf8.map { octet in
            let isPlain = Character(Unicode.Scalar(octet)).isLetter || Character(Unicode.Scalar(octet)).isNumber
            return isPlain ? String(Unicode.Scalar(octet)) : String(format: "%%%02X", octet)
        }.joined()
    }

    // MARK: Client-Cert

    private func checkClientCert(_ text: String) throws {
        let service = try? ForwardedCertificate.inClientCert([text])
        let verifier = ClientCertificate(clientCert: [text])
        if let service {
            require(verifier?.der == service.der, "service and verifier read the same certificate")
            let trimmed = text.utf8.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            require(trimmed == Array(":\(Base64.encode(service.der)):".utf8), "it is what the field encodes")
        }
        for fields in [[text, text], [":\(Self.own):", text]] {
            require((try? ForwardedCertificate.inClientCert(fields)) == nil, "two fields are none")
            require(ClientCertificate(clientCert: fields) == nil, "nor are they one to the verifier")
        }
        try checkChain(text)
    }

    /// `Client-Cert-Chain` is a list, which may be in several lines.
    private func checkChain(_ text: String) throws {
        let lines = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let whole = try? ForwardedCertificate.inClientCert([":\(Self.own):"], chain: [text])
        let split = try? ForwardedCertificate.inClientCert([":\(Self.own):"], chain: lines)
        require(whole == split, "the lines of a list make no difference")
        require(whole == nil || whole?.der == own, "a chain is not the client's certificate")
    }

    /// In base64. Their keys are gone.
    private static let own = """
        MIIBLjCB4aADAgECAhRUPu3IZay5u+Aqsr/3Ov6aj4f9VDAFBgMrZXAwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjkxNjI0MDVaGA8y\
        MTI2MTEwNTE2MjQwNVowDDEKMAgGA1UEAwwBYTAqMAUGAytlcAMhAPKE+twXZ8nU9N8o207hPKSo3Xegwi2vSzrPw1nJJm1wo1Mw\
        UTAdBgNVHQ4EFgQU+bSOowOOfM2Lz6DLi29J6cTXso8wHwYDVR0jBBgwFoAU+bSOowOOfM2Lz6DLi29J6cTXso8wDwYDVR0TAQH/\
        BAUwAwEB/zAFBgMrZXADQQDGI/tb8jxovfNVNVFuc15XkjIUq90PHLUW81daXflLoOUEG4GQWT+9WojaMz0kyHz1OxkSoXf5JYkZ\
        VOuwockC
        """

    private static let others = """
        MIIBLjCB4aADAgECAhR10Yt4tdOWgAPycs8Du3dVYEqTIzAFBgMrZXAwDDEKMAgGA1UEAwwBYjAgFw0yNjExMjkxNjI0MDVaGA8y\
        MTI2MTEwNTE2MjQwNVowDDEKMAgGA1UEAwwBYjAqMAUGAytlcAMhAC7ge6MpGJTK0w/LSNceYUonVZYPfv8B4FoSUy1La7kQo1Mw\
        UTAdBgNVHQ4EFgQUyKZzXaXSeuw9aCSR8DO/DvP/B5owHwYDVR0jBBgwFoAUyKZzXaXSeuw9aCSR8DO/DvP/B5owDwYDVR0TAQH/\
        BAUwAwEB/zAFBgMrZXADQQDIR/I0oV3lBkz+SVmautZ6Lo8QWVj8xXaIi3K8UCudzpWGOxzksHN1ECIY9HveATvRpFw9uu0xfvlv\
        lHHUs08I
        """
}
