/// The line breaks that a YAML file must not have here. YAML 1.1 breaks lines at U+0085, U+2028 and U+2029, and both
/// versions at a carriage return without a line feed. Editors and reviews show no line end there, so that a setting can
/// hide in what looks like a comment or like the text of another setting.
enum YAMLLineBreaks {
    /// - Throws: if one of them is anywhere in the text, also in a comment.
    static func check(_ text: String, of file: FileLines) throws(InvalidConfiguration) {
        guard let (index, name) = first(in: text.utf8.span) else { return }
        let line = 1 + text.utf8.prefix(index).count { $0 == UInt8(ascii: "\n") }
        throw InvalidConfiguration([
            Problem(
                file.place(line), "has a line break that editors do not show: \(name)",
                hint:
                    "end each line with a line feed; within text, write \\u and the number between double quotation marks"
            )
        ])
    }

    /// The index of the first one, and its name.
    private static func first(in octets: Span<UInt8>) -> (index: Int, name: String)? {
        for index in octets.indices {
            switch octets[index] {
            case 0x0D:
                if index + 1 == octets.count || octets[index + 1] != UInt8(ascii: "\n") {
                    return (index, "a carriage return without a line feed")
                }
            // The text is valid UTF-8, so that these octets begin a character, which is whole.
            case 0xC2:
                if octets[index + 1] == 0x85 { return (index, "U+0085") }
            case 0xE2:
                guard octets[index + 1] == 0x80 else { continue }
                if octets[index + 2] == 0xA8 { return (index, "U+2028") }
                if octets[index + 2] == 0xA9 { return (index, "U+2029") }
            default: continue
            }
        }
        return nil
    }
}
