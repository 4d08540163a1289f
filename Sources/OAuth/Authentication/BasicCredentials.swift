import JOSE

/// The token68 of Basic credentials, RFC 7617 section 2: base64 with its own alphabet and padding.
enum BasicCredentials {
    /// The octets of user-id, colon and password; nil for what is not base64. Missing padding is forgiven.
    static func decode(_ text: Substring) -> [UInt8]? {
        var characters = Array(text.utf8)
        while characters.last == UInt8(ascii: " ") { characters.removeLast() }
        for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
        for (index, character) in characters.enumerated() {
            switch character {
            case UInt8(ascii: "+"): characters[index] = UInt8(ascii: "-")
            case UInt8(ascii: "/"): characters[index] = UInt8(ascii: "_")
            case UInt8(ascii: "-"), UInt8(ascii: "_"): return nil
            default: break
            }
        }
        return Base64URL.decode(characters.span)
    }
}
