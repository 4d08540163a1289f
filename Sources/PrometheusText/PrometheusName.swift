/// Names that the text format allows.
enum PrometheusName {
    /// [a-zA-Z_:][a-zA-Z0-9_:]*
    static func metric(_ text: String) -> String { allowed(text, colon: true) }

    /// [a-zA-Z_][a-zA-Z0-9_]*
    ///
    /// Names with two underscores in front are Prometheus' own, and so is a histogram's `le`.
    static func label(_ text: String) -> String {
        let name = allowed(text, colon: false)
        if name == "le" { return "exported_le" }
        return name.hasPrefix("__") ? "_" + name.drop { $0 == "_" } : name
    }

    /// What is not allowed becomes an underscore.
    private static func allowed(_ text: String, colon: Bool) -> String {
        let octets = text.utf8.map { octet -> UInt8 in
            let isLetter = (0x61...0x7A).contains(octet | 0x20)
            let isDigit = (0x30...0x39).contains(octet)
            let isAllowed = isLetter || isDigit || (colon && octet == UInt8(ascii: ":"))
            return isAllowed ? octet : UInt8(ascii: "_")
        }
        guard let first = octets.first, !(0x30...0x39).contains(first) else {
            return "_" + String(decoding: octets, as: UTF8.self)
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
