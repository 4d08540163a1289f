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

    /// Whether `others` are the characters that this header was read from.
    func isWritten(_ others: Span<UInt8>) -> Bool {
        characters.span.isSame(as: others)
    }
}
