import AccessToken
import JOSE
import Libcrypto
import OAuth
import WireText

extension Client {
    /// Writes the members of RFC 8705, if there are any; of registered certificates what they are bound by, `x5t#S256`.
    func writeCertificates(to object: inout JSONWriter) {
        if let subject = certificates.subject { object.member(subject.form.rawValue, subject.text) }
        if !certificates.registered.isEmpty {
            object.member("certificates", certificates.registered.map(\.thumbprint))
        }
        if certificates.bindsAccessTokens {
            object.member("tls_client_certificate_bound_access_tokens", .bool(true))
        }
    }

    /// The same as rows of a table.
    var certificateRows: [[String]] {
        (certificates.subject.map { [[$0.form.rawValue, $0.text]] } ?? [])
            + certificates.registered.map { ["certificate", $0.thumbprint] }
            + (certificates.bindsAccessTokens ? [["tls_client_certificate_bound_access_tokens", "true"]] : [])
    }
}

extension RegisteredCertificate {
    /// The SHA-256 of the certificate in base64url, or that any certificate of a key is accepted.
    fileprivate var thumbprint: String {
        switch self {
        case .certificate(let der):
            (try? HashFunction.sha256.digest(of: der.span)).map { "x5t#S256 \(Base64URL.encode($0))" } ?? ""
        case .key(let key): "any of key \((try? JWK(key, keyID: nil, algorithm: nil).thumbprint()) ?? "")"
        }
    }
}

extension CertificateSubject {
    /// Parses `san_dns=payments.example.com` from the command line.
    init(option text: String) throws(InvalidValue) {
        let (name, value) = Octets(text).split(at: "=")
        let form = Form.allCases.first { name.isSame(as: $0.shortName) || name.isSame(as: $0.rawValue) }
        guard let form, let value else {
            let names = Form.allCases.map { "\($0.shortName)=" }.joined(separator: ", ")
            throw InvalidValue("is none of", names: names)
        }
        try self.init(form, value.text)
    }
}

extension CertificateSubject.Form {
    /// The name without `tls_client_auth_`.
    fileprivate var shortName: String { Octets(rawValue).dropFirst("tls_client_auth_".utf8.count).text }
}
