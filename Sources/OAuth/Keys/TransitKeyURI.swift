package import AccessToken
package import WireText

/// `vault+https://HOST[:PORT]/MOUNT/keys/NAME`: a key of the Transit engine of HashiCorp Vault or OpenBao.
///
/// The scheme `vault+http` is for a loopback host, on which an agent may listen. The path is that of the API without `/v1`.
package struct TransitKeyURI: Sendable, Hashable, CustomStringConvertible {
    /// The longest name of a key, in octets.
    static let longestName = 128

    /// Scheme, host and port of the API, without the default port: `https://vault.example.com:8200`.
    package let origin: String
    /// The path of the engine, of one or more segments, without a slash at its ends: `transit`.
    package let mount: String
    /// The key's name: letters, digits and `_`, and between them also `.` and `-`.
    package let name: String

    /// - Throws: for what RFC 3986 does not allow, and for user information, a query, a fragment, percent encoding, an empty
    ///   segment, a dot segment, and a name that Transit does not accept.
    package init(_ text: Octets) throws(InvalidValue) {
        let uri = try AbsoluteURI(text.text)
        let scheme = Octets(uri.scheme)
        let isSecure = scheme.isSame(as: "vault+https")
        guard isSecure || scheme.isSame(as: "vault+http") else {
            throw InvalidValue("does not begin with vault+https:")
        }
        let origin = try HTTPOrigin(authorityOf: uri, isSecure: isSecure)
        guard isSecure || origin.isLoopback else {
            throw InvalidValue("is not vault+https (vault+http is allowed on a loopback host only)")
        }
        guard uri.query == nil, !uri.hasFragment else { throw InvalidValue("has a query or a fragment") }
        let segments = Octets(uri.path).parts(between: "/").dropFirst()
        guard segments.count >= 3, let name = segments.last, segments.dropLast().last?.isSame(as: "keys") == true else {
            throw InvalidValue("has no path such as /transit/keys/NAME")
        }
        guard segments.dropLast(2).allSatisfy(Self.isSegment) else {
            throw InvalidValue(
                "has a path with an empty or dot segment, or with other characters than letters, digits and -._~")
        }
        guard Self.isName(name) else {
            throw InvalidValue("ends with a name that is not 1 to 128 letters, digits, _ and, between them, . and -")
        }
        self.origin = origin.withoutDefaultPort
        mount = segments.dropLast(2).map(\.text).joined(separator: "/")
        self.name = name.text
    }

    /// The URI in its normal form: scheme and host in lower case, without the default port.
    package var description: String { "vault+\(origin)/\(mount)/keys/\(name)" }

    /// Whether the text can be the path of an engine or of an auth method: segments, without a slash at its ends.
    package static func isMount(_ text: String) -> Bool {
        text.utf8.count <= 512 && Octets(text).parts(between: "/").allSatisfy(isSegment)
    }

    private static func isSegment(_ segment: Octets) -> Bool {
        !segment.isEmpty && !segment.isSame(as: ".") && !segment.isSame(as: "..")
            && segment.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "-._~".utf8.contains($0) }
    }

    /// `\w(([\w-.]+)?\w)?`, as Transit has it.
    private static func isName(_ name: Octets) -> Bool {
        guard (1...longestName).contains(name.count), let first = name.first, let last = name.last else { return false }
        return isWordOctet(first) && isWordOctet(last)
            && name.allSatisfy { isWordOctet($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    private static func isWordOctet(_ octet: UInt8) -> Bool {
        ASCII.isLetter(octet) || ASCII.isDigit(octet) || octet == UInt8(ascii: "_")
    }
}
