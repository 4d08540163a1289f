extension String {
    /// As many whole scalars from the beginning as `limit` octets of UTF-8 hold.
    func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        // An index within a scalar counts as the scalar's beginning.
        return String(self[..<utf8.index(startIndex, offsetBy: limit)])
    }
}
