import WireText

/// A JOSE header with the characters that it was read from. All tokens that an issuer signs with one key have the same
/// header.
package struct EncodedHeader: Sendable {
    package let header: JOSEHeader
    private let characters: [UInt8]

    /// - Parameter characters: base64url, RFC 7515 section 7.1.
    init(reading characters: Span<UInt8>) throws(JWSError) {
        guard let text = Base64URL.decode(characters) else { throw .malformed }
        header = try JOSEHeader(reading: text)
        self.characters = [UInt8](capacity: characters.count) { copy in
            for index in characters.indices { copy.append(characters[index]) }
        }
    }

    /// The number of its characters.
    var count: Int { characters.count }

    /// Whether `token` begins with the characters that this header was read from, and a dot.
    func begins(_ token: Span<UInt8>) -> Bool {
        guard token.count > characters.count, token[characters.count] == UInt8(ascii: ".") else { return false }
        return characters.span.isSame(as: token.extracting(..<characters.count))
    }
}
