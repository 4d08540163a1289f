extension Span<UInt8> {
    /// Whether some program would end a line in this text: at LF, at CR, or in UTF-8 at U+0085, U+2028 or U+2029.
    var hasLineBreak: Bool {
        for index in indices {
            switch self[index] {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return true
            case 0xC2 where index + 1 < count && self[index + 1] == 0x85: return true
            case 0xE2 where index + 2 < count && self[index + 1] == 0x80 && (self[index + 2] | 1) == 0xA9: return true
            default: continue
            }
        }
        return false
    }

    /// Whether it begins with U+FEFF in UTF-8, as some editors write it.
    var hasByteOrderMark: Bool { count >= 3 && self[0] == 0xEF && self[1] == 0xBB && self[2] == 0xBF }
}
