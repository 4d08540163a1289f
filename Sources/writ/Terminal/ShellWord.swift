/// Text as one word of a command line, which a person copies into a shell.
enum ShellWord {
    /// The text, in single quotes if a shell would read anything else than the text without them.
    static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-._~:/@%+,=".utf8.contains(octet)
            }
        }
        // A quote ends the quoted text, stands behind a backslash, and begins it again.
        return plain && !text.isEmpty ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
