import JOSE
import WireText

/// `Host`, RFC 9110 section 7.2: uri-host [ ":" port ].
enum HostField {
    /// Whether the value has this syntax. An empty host is valid: it stands for a target without an authority.
    static func isValid(_ text: Substring) -> Bool {
        let text = text.utf8
        guard text.first == UInt8(ascii: "[") else {
            let host = text.prefix { $0 != UInt8(ascii: ":") }
            return host.allSatisfy(isRegName) && isPort(text[host.endIndex...])
        }
        guard let end = text.firstIndex(of: UInt8(ascii: "]")) else { return false }
        let address = text[..<end].dropFirst()
        return !address.isEmpty && address.allSatisfy(isAddressLiteral) && isPort(text[end...].dropFirst())
    }

    /// Whether the text is a colon with digits (RFC 3986 section 3.2.3), or empty.
    private static func isPort(_ text: Substring.UTF8View) -> Bool {
        text.isEmpty || text.first == UInt8(ascii: ":") && text.dropFirst().allSatisfy(ASCII.isDigit)
    }

    /// RFC 3986 section 3.2.2: unreserved / pct-encoded / sub-delims. (The two digits after `%` are not checked: they
    /// make no difference here.)
    private static func isRegName(_ character: UInt8) -> Bool {
        ASCII.isLetter(character) || ASCII.isDigit(character) || "-._~!$&'()*+,;=%".utf8.contains(character)
    }

    private static func isAddressLiteral(_ character: UInt8) -> Bool {
        isRegName(character) || character == UInt8(ascii: ":")
    }
}
