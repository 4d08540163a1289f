import JOSE

/// The token68 of Basic credentials, RFC 7617 section 2: base64 with its own alphabet and padding.
enum BasicCredentials {
    /// The octets of user-id, colon and password; nil for what is not base64. Missing padding is forgiven.
    static func decode(_ text: Substring) -> [UInt8]? {
        var characters = Array(text.utf8)
        while characters.last == UInt8(ascii: " ") { characters.removeLast() }
        for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
        return Base64Alphabet.standard.decode(characters.span)
    }
}
