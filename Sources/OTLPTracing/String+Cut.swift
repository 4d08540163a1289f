extension String {
    /// As many whole scalars from the beginning as `limit` octets of UTF-8 hold.
    func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        // Octets within a scalar are those that begin with the bits 10.
        while utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
