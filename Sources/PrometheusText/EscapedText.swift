/// Text with the escapes that the format asks for. Octet by octet: to Swift a quotation mark with an accent, or a line feed
/// behind a carriage return, is another character.
struct EscapedText {
    let text: String

    /// - Parameter quotes: whether quotation marks are escaped too, as in labels but not in help.
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
