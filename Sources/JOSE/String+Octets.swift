extension String {
    /// Whether both are the same octets. Swift's own `==` takes U+212A for the letter K; it is asked first since it is
    /// quick to tell texts apart.
    package func isSameText(as other: String) -> Bool {
        guard self == other else { return false }
        let (own, others) = (utf8, other.utf8)
        return own.span.isSame(as: others.span)
    }
}

extension Span<UInt8> {
    /// Whether both are the same octets. It takes no constant time: nothing secret is compared so.
    func isSame(as other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
