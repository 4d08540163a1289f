/// base64url without padding, RFC 4648 section 5 as RFC 7515 section 2 uses it.
public enum Base64URL {
    private static let alphabet = Base64Alphabet.url

    /// The number of characters that encode `count` octets.
    public static func encodedCount(_ count: Int) -> Int { (count * 4 + 2) / 3 }

    /// The encoding of `bytes` as text.
    public static func encode(_ bytes: [UInt8]) -> String {
        var characters: [UInt8] = []
        append(bytes.span, to: &characters)
        return String(decoding: characters, as: UTF8.self)
    }

    /// Appends the encoding of `bytes` to `output`.
    public static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        alphabet.append(bytes, to: &output)
    }

    /// The octets that `characters` encode.
    ///
    /// - Returns: `nil` for padding, white space, any other character outside the alphabet, an impossible length, or
    ///   left-over bits that are not zero. So no two texts encode the same octets.
    public static func decode(_ characters: Span<UInt8>) -> [UInt8]? { alphabet.decode(characters) }

    /// The octets that `text` encodes; `nil` for the same reasons.
    public static func decode(_ text: String) -> [UInt8]? {
        decode(text.utf8.span)
    }
}

/// A base64 alphabet, RFC 4648 sections 4 and 5, without padding.
package struct Base64Alphabet: Sendable {
    /// The 62 characters that all alphabets have, in the order of their values.
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// RFC 4648 section 5
    package static let url = Base64Alphabet("-", "_")
    /// RFC 4648 section 4
    package static let standard = Base64Alphabet("+", "/")
    /// The standard alphabet with a dot in place of the plus sign, which is read too: passlib writes a dot.
    package static let passlib = Base64Alphabet(".+", "/")

    /// The character for each value.
    private let characters: [UInt8]
    /// The value of each octet, or 255 for an octet outside the alphabet.
    private let values: [UInt8]

    /// - Parameters:
    ///   - last: the characters for 62. The first is written.
    ///   - veryLast: the character for 63.
    private init(_ last: String, _ veryLast: String) {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in Self.letters.enumerated() { values[Int(character)] = UInt8(value) }
        for character in last.utf8 { values[Int(character)] = 62 }
        for character in veryLast.utf8 { values[Int(character)] = 63 }
        self.values = values
        characters = Self.letters + last.utf8.prefix(1) + veryLast.utf8
    }

    /// Appends the encoding of `bytes` to `output`.
    package func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        output.reserveCapacity(output.count + Base64URL.encodedCount(bytes.count))
        let characters = characters.span
        var index = 0
        while index + 3 <= bytes.count {
            let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            output.append(characters[Int(group >> 18)])
            output.append(characters[Int(group >> 12 & 63)])
            output.append(characters[Int(group >> 6 & 63)])
            output.append(characters[Int(group & 63)])
            index += 3
        }
        switch bytes.count - index {
        case 1:
            output.append(characters[Int(bytes[index] >> 2)])
            output.append(characters[Int(bytes[index] & 3) << 4])
        case 2:
            output.append(characters[Int(bytes[index] >> 2)])
            output.append(characters[Int(bytes[index] & 3) << 4 | Int(bytes[index + 1] >> 4)])
            output.append(characters[Int(bytes[index + 1] & 15) << 2])
        default: break
        }
    }

    /// The octets that `characters` encode.
    ///
    /// - Returns: `nil` for padding, white space, any other character outside the alphabet, an impossible length, or
    ///   left-over bits that are not zero.
    package func decode(_ characters: Span<UInt8>) -> [UInt8]? {
        guard characters.count % 4 != 1 else { return nil }
        let values = values.span
        // With the count known, no look-up needs a check of its index.
        guard values.count == 256 else { return nil }
        // Values have six bits. 255 has two more, which stay set in `gathered`.
        var gathered: UInt32 = 0
        let output = [UInt8](capacity: characters.count * 3 / 4) { output in
            func value(_ index: Int) -> UInt32 { UInt32(values[Int(characters[index])]) }
            var index = 0
            while index + 4 <= characters.count {
                let (first, second, third, fourth) = (
                    value(index), value(index + 1), value(index + 2), value(index + 3)
                )
                gathered |= first | second | third | fourth
                let bits = first << 18 | second << 12 | third << 6 | fourth
                output.append(UInt8(truncatingIfNeeded: bits >> 16))
                output.append(UInt8(truncatingIfNeeded: bits >> 8))
                output.append(UInt8(truncatingIfNeeded: bits))
                index += 4
            }
            var bits: UInt32 = 0
            for rest in index..<characters.count {
                gathered |= value(rest)
                bits = bits << 6 | value(rest)
            }
            switch characters.count - index {
            case 2:
                output.append(UInt8(truncatingIfNeeded: bits >> 4))
                gathered |= bits & 0xF == 0 ? 0 : 255
            case 3:
                output.append(UInt8(truncatingIfNeeded: bits >> 10))
                output.append(UInt8(truncatingIfNeeded: bits >> 2))
                gathered |= bits & 3 == 0 ? 0 : 255
            default: break
            }
        }
        return gathered < 64 ? output : nil
    }
}
