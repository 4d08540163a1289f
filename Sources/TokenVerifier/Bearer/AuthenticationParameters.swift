/// The parameters of a challenge, RFC 9110 section 11.6.1, each as a quoted string.
struct AuthenticationParameters {
    private(set) var text = ""

    /// In characters. Reasons of a resource server's own checks may have any length.
    private static let longestDescription = 512

    /// Appends a parameter. A quotation mark and a backslash are escaped. Everything that is not ASCII, and every control
    /// character, is written as a question mark.
    mutating func append(_ name: StaticString, _ value: String) {
        text += text.isEmpty ? "" : ", "
        text += "\(name)=\""
        for scalar in value.unicodeScalars {
            // A quotation mark or a backslash.
            if scalar.value == 0x22 || scalar.value == 0x5C { text += "\\" }
            text.unicodeScalars.append((0x20...0x7E).contains(scalar.value) ? scalar : "?")
        }
        text += "\""
    }

    /// Appends `error_description`, in which RFC 6750 section 3 allows neither a quotation mark nor a backslash.
    mutating func append(description: String) {
        var scalars = String.UnicodeScalarView()
        for scalar in description.unicodeScalars.prefix(Self.longestDescription) {
            switch scalar.value {
            case 0x22: scalars.append("'")
            case 0x5C: scalars.append("/")
            default: scalars.append(scalar)
            }
        }
        append("error_description", String(scalars))
    }
}
