/// base64 with padding, RFC 4648 section 4, as `x5c` (RFC 7517 section 4.7) and the byte sequences of fields (RFC 9651
/// section 3.3.5) have it.
package enum Base64 {
    private static let alphabet = Base64Alphabet.standard
    private static let padding = UInt8(ascii: "=")

    /// The encoding of `bytes` as text.
    package static func encode(_ bytes: [UInt8]) -> String {
        var characters: [UInt8] = []
        alphabet.append(bytes.span, to: &characters)
        characters += [UInt8](repeating: padding, count: (4 - characters.count % 4) % 4)
        return String(decoding: characters, as: UTF8.self)
    }

    /// The octets that `text` encodes.
    ///
    /// - Returns: `nil` for missing padding, white space, any other character outside the alphabet, or left-over bits that are
    ///   not zero. So no two texts encode the same octets.
    package static func decode(_ text: String) -> [UInt8]? {
        var characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 4) else { return nil }
        for _ in 0..<2 where characters.last == padding { characters.removeLast() }
        return alphabet.decode(characters.span)
    }
}
