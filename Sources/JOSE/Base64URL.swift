/// base64url without padding, RFC 4648 section 5 as RFC 7515 section 2 uses it.
public enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The value of each character, or 255 for what is none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// How many characters `count` octets take.
    public static func encodedCount(_ count: Int) -> Int { (count * 4 + 2) / 3 }

    /// The encoding of `bytes` as text.
    public static func encode(_ bytes: [UInt8]) -> String {
        var characters: [UInt8] = []
        append(bytes.span, to: &characters)
        return String(decoding: characters, as: UTF8.self)
    }

    /// Appends the encoding of `bytes` to `output`.
    public static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        output.reserveCapacity(output.count + encodedCount(bytes.count))
        let alphabet = alphabet.span
        var index = 0
        while index + 3 <= bytes.count {
            let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            output.append(alphabet[Int(group >> 18)])
            output.append(alphabet[Int(group >> 12 & 63)])
            output.append(alphabet[Int(group >> 6 & 63)])
            output.append(alphabet[Int(group & 63)])
            index += 3
        }
        switch bytes.count - index {
        case 1:
            output.append(alphabet[Int(bytes[index] >> 2)])
            output.append(alphabet[Int(bytes[index] & 3) << 4])
        case 2:
            output.append(alphabet[Int(bytes[index] >> 2)])
            output.append(alphabet[Int(bytes[index] & 3) << 4 | Int(bytes[index + 1] >> 4)])
            output.append(alphabet[Int(bytes[index + 1] & 15) << 2])
        default: break
        }
    }

    /// The octets that `characters` encode.
    ///
    /// - Returns: nil for padding, white space, any other foreign character, an impossible length, or left-over bits
    ///   that are not zero: two texts never mean the same octets.
    public static func decode(_ characters: Span<UInt8>) -> [UInt8]? {
        guard characters.count % 4 != 1 else { return nil }
        let values = values.span
        var output: [UInt8] = []
        output.reserveCapacity(characters.count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount = 0
        for index in characters.indices {
            let value = values[Int(characters[index])]
            guard value != 255 else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
                bits &= 1 << UInt32(bitCount) - 1
            }
        }
        return bits == 0 ? output : nil
    }

    /// The octets that `text` encodes; nil as above.
    public static func decode(_ text: String) -> [UInt8]? {
        decode(text.utf8.span)
    }
}
