import JOSE
package import WireText

/// The fields in which a proxy passes on the certificate that a client has presented to it. What a client has written itself
/// may stand in them too, so a value that is not exactly in its form is not read in part.
package enum CertificateFields {
    /// A byte sequence, RFC 9651 section 3.3.5, such as `Client-Cert` of RFC 9440 has: base64 between colons.
    ///
    /// - Returns: `nil` for another item, and for one with parameters.
    package static func byteSequence(_ item: Octets) -> [UInt8]? {
        guard item.count > 2, item.begins(with: ":"), item.ends(with: ":") else { return nil }
        return Base64.decode(item.dropFirst().dropLast().text)
    }

    /// Reads the last element of `X-Forwarded-Client-Cert`, a list whose elements have pairs such as `Hash=...;Cert="..."`.
    /// Envoy in front of the service writes the last one; a client may have written those before it.
    ///
    /// Envoy writes URIs and DNS names of the certificate without quotes. With a comma in one, a client would begin an element
    /// of its own, and with a semicolon a second `Cert`. So a list that has them anywhere is refused.
    ///
    /// - Returns: the values without their quotes, by name in lower case; `nil` for another form, and for two certificates.
    package static func lastElement(ofForwardedClientCert field: Octets) -> [String: Octets]? {
        guard let (others, last) = field.splitFromRightOutsideQuotes(at: ","),
            others == nil || !hasUnquotedNames(field)
        else { return nil }
        var values: [String: Octets] = [:]
        var next: Octets? = last.trimmed
        while let rest = next {
            guard let (head, tail) = rest.splitOutsideQuotes(at: ";") else { return nil }
            next = tail
            let (name, value) = head.split(at: "=")
            guard !name.isEmpty, name.allSatisfy(ASCII.isTokenOctet), let content = value?.unquoted else { return nil }
            // Envoy repeats `DNS` and `URI`, which are not read.
            let key = name.lowercased
            guard values.updateValue(content, forKey: key) == nil || !namesOfCertificates.contains(key) else {
                return nil
            }
        }
        return values
    }

    private static let namesOfCertificates = ["cert", "chain"]

    private static func hasUnquotedNames(_ field: Octets) -> Bool {
        field.eachPart(between: "=").contains { part in
            let end = Octets(part.lowercased)
            return end.ends(with: "uri") || end.ends(with: "dns")
        }
    }
}
