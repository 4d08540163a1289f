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
    /// The value of each octet at the first to fourth place of a group, shifted to its bits there; 256 for each place.
    private let values: [UInt32]
    /// The value of an octet outside the alphabet. No group of four has this bit.
    private static let invalid: UInt32 = 1 << 31

    /// - Parameters:
    ///   - last: the characters for 62. The first is written.
    ///   - veryLast: the character for 63.
    private init(_ last: String, _ veryLast: String) {
        var values = [UInt32](repeating: Self.invalid, count: 256)
        for (value, character) in Self.letters.enumerated() { values[Int(character)] = UInt32(value) }
        for character in last.utf8 { values[Int(character)] = 62 }
        for character in veryLast.utf8 { values[Int(character)] = 63 }
        self.values = [18, 12, 6, 0].flatMap { place in values.map { $0 == Self.invalid ? $0 : $0 << place } }
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
        // Has the bit of ``invalid`` once a character had it.
        var gathered: UInt32 = 0
        let output = [UInt8](capacity: characters.count * 3 / 4) { output in
            var rest = characters
            var bits: UInt32 = 0
            // Sixteen at once: the counts are checked once for all of them.
            while rest.count >= 16, output.freeCapacity >= 12, values.count == 4 * 256 {
                bits |= Self.decodeGroup(rest, at: 0, values, to: &output)
                bits |= Self.decodeGroup(rest, at: 4, values, to: &output)
                bits |= Self.decodeGroup(rest, at: 8, values, to: &output)
                bits |= Self.decodeGroup(rest, at: 12, values, to: &output)
                rest = rest.extracting(droppingFirst: 16)
            }
            while rest.count >= 4 {
                bits |= Self.decodeGroup(rest, at: 0, values, to: &output)
                rest = rest.extracting(droppingFirst: 4)
            }
            gathered = bits | Self.decodeEnd(rest, values, to: &output)
        }
        return gathered & Self.invalid == 0 ? output : nil
    }

    /// Decodes four characters to three octets.
    ///
    /// - Returns: the 24 bits, or a number with the bit of ``invalid``.
    @inline(__always)
    private static func decodeGroup(
        _ characters: Span<UInt8>, at start: Int, _ values: Span<UInt32>, to output: inout OutputSpan<UInt8>
    ) -> UInt32 {
        let bits =
            values[Int(characters[start])] | values[256 + Int(characters[start &+ 1])]
            | values[512 + Int(characters[start &+ 2])] | values[768 + Int(characters[start &+ 3])]
        output.append(UInt8(truncatingIfNeeded: bits >> 16))
        output.append(UInt8(truncatingIfNeeded: bits >> 8))
        output.append(UInt8(truncatingIfNeeded: bits))
        return bits
    }

    /// Decodes the last characters, which are fewer than four.
    ///
    /// - Returns: a number with the bit of ``invalid`` if one is outside the alphabet, or left-over bits are not zero.
    private static func decodeEnd(
        _ characters: Span<UInt8>, _ values: Span<UInt32>, to output: inout OutputSpan<UInt8>
    ) -> UInt32 {
        var bits: UInt32 = 0
        for index in characters.indices { bits |= values[256 * index + Int(characters[index])] }
        // Two characters have one octet, and three have two.
        var leftOver = bits & 0xFFFFFF
        for _ in 1..<max(characters.count, 1) {
            output.append(UInt8(truncatingIfNeeded: leftOver >> 16))
            leftOver = leftOver << 8 & 0xFFFFFF
        }
        return leftOver == 0 ? bits : invalid
    }
}
