/// The labels of a metric as they are written between braces, sorted by name.
struct PrometheusLabels: Hashable, Comparable {
    let text: String

    /// Labels without a value are left out: to Prometheus they are absent.
    init(_ labels: [(String, String)]) {
        var values: [String: String] = [:]
        for (name, value) in labels where !value.isEmpty { values[PrometheusName.label(name)] = value }
        text = values.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
            .joined(separator: ",")
    }

    /// Writes one line.
    ///
    /// - Parameter more: a further label, such as a bucket's `le`.
    func write(_ name: String, _ value: String, more: String? = nil, to lines: inout [UInt8]) {
        lines.append(contentsOf: name.utf8)
        if more != nil || !text.isEmpty {
            lines.append(UInt8(ascii: "{"))
            lines.append(contentsOf: text.utf8)
            if let more {
                if !text.isEmpty { lines.append(UInt8(ascii: ",")) }
                lines.append(contentsOf: more.utf8)
            }
            lines.append(UInt8(ascii: "}"))
        }
        lines.append(UInt8(ascii: " "))
        lines.append(contentsOf: value.utf8)
        lines.append(UInt8(ascii: "\n"))
    }

    private static func escaped(_ value: String) -> String { EscapedText(value, quotes: true).text }

    static func < (first: PrometheusLabels, second: PrometheusLabels) -> Bool { first.text < second.text }
}

/// Names that the text format allows.
enum PrometheusName {
    /// [a-zA-Z_:][a-zA-Z0-9_:]*
    static func metric(_ text: String) -> String { allowed(text, colon: true) }

    /// [a-zA-Z_][a-zA-Z0-9_]*
    ///
    /// Prometheus reserves names that begin with two underscores, and `le` for histograms.
    static func label(_ text: String) -> String {
        let name = allowed(text, colon: false)
        if name == "le" { return "exported_le" }
        return name.hasPrefix("__") ? "_" + name.drop { $0 == "_" } : name
    }

    /// An octet that is not allowed becomes an underscore.
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

/// Text with the escapes of the format. It is escaped octet by octet: in Swift, a quotation mark with a combining
/// accent is not equal to a quotation mark, and CR LF is not equal to a line feed.
struct EscapedText {
    let text: String

    /// - Parameter quotes: whether quotation marks are escaped too, as in labels. In help they are not.
    init(_ text: String, quotes: Bool) {
        var octets: [UInt8] = []
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "\\"): octets += "\\\\".utf8
            case UInt8(ascii: "\n"): octets += "\\n".utf8
            case UInt8(ascii: "\"") where quotes: octets += "\\\"".utf8
            default: octets.append(octet)
            }
        }
        self.text = String(decoding: octets, as: UTF8.self)
    }
}
