/// The label of a PEM block, RFC 7468 section 2: what stands between `-----BEGIN ` and `-----`.
enum PEMLabel {
    /// The label of the first block in `bytes`, or nil where there is none.
    static func first(in bytes: Span<UInt8>) -> String? {
        let opening = Array("-----BEGIN ".utf8)
        guard bytes.count > opening.count else { return nil }
        var start = 0
        search: while start <= bytes.count - opening.count {
            for offset in opening.indices where bytes[start + offset] != opening[offset] {
                start += 1
                continue search
            }
            return label(in: bytes, from: start + opening.count)
        }
        return nil
    }

    /// Labels are printable ASCII; one of more than 64 characters is none of ours.
    private static func label(in bytes: Span<UInt8>, from start: Int) -> String? {
        var label: [UInt8] = []
        for index in start..<min(start + 64, bytes.count) {
            let byte = bytes[index]
            if byte == UInt8(ascii: "-") { return String(decoding: label, as: UTF8.self) }
            guard (0x20...0x7E).contains(byte) else { return nil }
            label.append(byte)
        }
        return nil
    }
}
