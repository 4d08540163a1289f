import AccessToken
import JOSE
import Libcrypto
import OAuth

extension ClientReader {
    /// The members of RFC 8705: the subject of `tls_client_auth`, the certificates of `self_signed_tls_client_auth`, and
    /// `tls_client_certificate_bound_access_tokens`.
    mutating func certificateRules(_ method: TokenEndpointAuthenticationMethod?) -> ClientCertificateRules {
        let binds = value(Self.boundTokens, Self.bool) ?? false
        let subject = certificateSubject(method)
        let registered = method == .selfSignedTLSClientAuth ? registeredCertificates() : []
        checkSupport(method, binds: binds)
        return ClientCertificateRules(subject: subject, registered: registered, bindsAccessTokens: binds)
    }

    private static var boundTokens: String { "tls_client_certificate_bound_access_tokens" }

    static var subjectNames: [String] { CertificateSubject.Form.allCases.map(\.rawValue) }

    /// RFC 8705 section 2.1.2: exactly one.
    private mutating func certificateSubject(_ method: TokenEndpointAuthenticationMethod?) -> CertificateSubject? {
        let forms = CertificateSubject.Form.allCases.filter { member($0.rawValue) != nil }
        guard method == .tlsClientAuth else {
            for form in forms { note(form.rawValue, "comes without token_endpoint_auth_method: tls_client_auth") }
            return nil
        }
        guard let form = forms.first else {
            note(
                "token_endpoint_auth_method", "needs the subject of the client's certificate",
                hint: "one of \(Self.subjectNames.joined(separator: ", "))")
            return nil
        }
        for other in forms.dropFirst() {
            note(other.rawValue, "cannot be combined with \(form.rawValue): a client has one subject")
        }
        return value(form.rawValue) { (text) throws(InvalidValue) in try CertificateSubject(form, text) }
    }

    /// RFC 8705 section 2.2.2: the keys of `jwks`, with their certificates in `x5c`.
    private mutating func registeredCertificates() -> [RegisteredCertificate] {
        guard let node = member("jwks") else {
            let hint = "`writ clients add ID --certificate FILE` writes them"
            note("token_endpoint_auth_method", "needs jwks with the client's certificates", hint: hint)
            return []
        }
        guard let members = set(node) else { return [] }
        var registered: [RegisteredCertificate] = []
        for (index, member) in members.enumerated() {
            do throws(CertificateKeyError) { registered.append(try RegisteredCertificate(reading: member)) } catch {
                note("jwks", "has a key that cannot be used: key \(index + 1), \(error.description)")
            }
        }
        return registered
    }

    private mutating func checkSupport(_ method: TokenEndpointAuthenticationMethod?, binds: Bool) {
        guard let support = settings.context?.certificates else { return }
        let name = method?.usesCertificate == true ? "token_endpoint_auth_method" : binds ? Self.boundTokens : nil
        if let name, !support.canArrive {
            note(
                name,
                "needs certificates of clients, and none arrives: the service ends no TLS, and no proxy names one",
                hint: "in writ.yaml: tls with a certificate, or trusted_proxies with client_certificate")
        } else if method == .tlsClientAuth, !support.hasAuthorities {
            note(
                "token_endpoint_auth_method", "needs the authorities that sign certificates of clients",
                hint: "in writ.yaml: tls: { client_ca: clients-ca.pem }")
        }
    }
}

/// Why a key of a client with `self_signed_tls_client_auth` cannot be used.
enum CertificateKeyError: Error, CustomStringConvertible {
    case key(JWKError)
    case malformed
    case otherKey

    var description: String {
        switch self {
        case .key(let error): error.description
        case .malformed: "x5c is not a list that begins with a certificate: base64 of its DER"
        case .otherKey: "the certificate in x5c has another key (RFC 7517 section 4.7)"
        }
    }
}

extension RegisteredCertificate {
    /// Reads a JWK with or without `x5c`, RFC 7517 section 4.7.
    init(reading member: JSONValue) throws(CertificateKeyError) {
        let key: JWK
        do throws(JWKError) { key = try JWK(readingPublic: member) } catch { throw .key(error) }
        guard let chain = member.object?["x5c"] else {
            self = .key(key.publicKey)
            return
        }
        guard let text = chain.array?.first?.string, let der = Base64.decode(text),
            let certificate = try? Certificate(der: der.span)
        else { throw .malformed }
        guard certificate.hasKey(key.publicKey) else { throw .otherKey }
        self = .certificate(der)
    }
}
