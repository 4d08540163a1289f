package import AccessToken
package import Libcrypto
import WireText

/// How the certificate of a client with `tls_client_auth` names it: one of the members of RFC 8705 section 2.1.2.
package struct CertificateSubject: Sendable, Hashable {
    /// The part of a certificate that is compared.
    package enum Form: String, Sendable, CaseIterable {
        case distinguishedName = "tls_client_auth_subject_dn"
        case dnsName = "tls_client_auth_san_dns"
        case uri = "tls_client_auth_san_uri"
        case address = "tls_client_auth_san_ip"
        case email = "tls_client_auth_san_email"
    }

    private enum Value: Sendable, Hashable {
        case name(DistinguishedName)
        case octets([UInt8])
    }

    /// The member that the registration has.
    package let form: Form
    /// The value of the member, as it was written.
    package let text: String
    private let value: Value

    /// - Throws: for a value that no certificate can or should have: a wildcard, an address as a DNS name.
    package init(_ form: Form, _ text: String) throws(InvalidValue) {
        guard !text.isEmpty else { throw InvalidValue("is empty") }
        self.form = form
        self.text = text
        let octets = Array(text.utf8)
        switch form {
        case .distinguishedName: value = .name(try DistinguishedName(text))
        case .dnsName:
            try Self.checkDNSName(Octets(text))
            value = .octets(octets.map(ASCII.lowercased))
        case .uri:
            let uri = try AbsoluteURI(text)
            guard !Octets(uri.scheme).isSame(as: "spiffe") || TrustDomain(of: text) != nil else {
                throw InvalidValue("is no SPIFFE ID with a path, such as spiffe://example.org/payments")
            }
            value = .octets(octets)
        case .address:
            guard let address = IPAddress(text) else { throw InvalidValue("is not an IP address") }
            value = .octets(address.octets)
        case .email:
            let (name, host) = Octets(text).splitFromRight(at: "@")
            guard let name, !name.isEmpty, !host.isEmpty, Octets(text).isVisibleASCII else {
                throw InvalidValue("is not a mail address")
            }
            value = .octets(octets)
        }
    }

    /// Whether the certificate has this subject. DNS names match in any letter case, distinguished names by RFC 4514, all else
    /// octet by octet. There are no wildcards, and the common name never stands for a DNS name.
    package func matches(_ certificate: Certificate) -> Bool {
        guard case .octets(let octets) = value else {
            guard case .name(let name) = value else { return false }
            return name.isSubject(of: certificate)
        }
        let names = certificate.alternativeNames
        switch form {
        case .dnsName: return names.dnsNames.contains { $0.map(ASCII.lowercased) == octets }
        case .uri: return isSPIFFE ? isSVID(certificate, names.uris, octets) : names.uris.contains(octets)
        case .address: return names.addresses.contains(octets)
        case .email: return names.emails.contains(octets)
        case .distinguishedName: return false
        }
    }

    private var isSPIFFE: Bool { TrustDomain(of: text) != nil }

    /// X509-SVID sections 2 and 4.1: an X.509-SVID has one URI, and is not the certificate of an authority.
    private func isSVID(_ certificate: Certificate, _ uris: [[UInt8]], _ own: [UInt8]) -> Bool {
        uris == [own] && !certificate.isAuthority
    }

    /// RFC 1123 section 2.1, and underscores, which names of services have.
    private static func checkDNSName(_ name: Octets) throws(InvalidValue) {
        guard IPAddress(name.text) == nil else {
            throw InvalidValue("is an IP address; tls_client_auth_san_ip has those")
        }
        let labels = name.parts(between: ".")
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "-_".utf8.contains($0) }
        }
        guard isName, name.count <= 253 else {
            throw InvalidValue("is not a DNS name; it has no wildcard and no dot at its end")
        }
    }
}
