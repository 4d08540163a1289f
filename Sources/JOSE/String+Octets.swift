extension String {
    /// Whether both are the same octets. Swift's own `==` takes U+212A for the letter K; it is asked first since it is
    /// quick to tell texts apart.
    package func isSameText(as other: String) -> Bool {
        guard self == other else { return false }
        let (own, others) = (utf8, other.utf8)
        let (first, second) = (own.span, others.span)
        guard first.count == second.count else { return false }
        for index in first.indices where first[index] != second[index] { return false }
        return true
    }
}
