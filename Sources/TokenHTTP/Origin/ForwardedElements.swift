import WireText

/// The elements of a field that is a list (RFC 9110 section 5.6.1), from the last one on. Each is found when it is
/// asked for, so that what is before it costs nothing.
struct ForwardedElements: Sequence, IteratorProtocol {
    private var lines: [String]
    private let hasQuotedStrings: Bool
    private var rest: Octets?

    /// - Parameters:
    ///   - lines: the values of the field's lines in their order, which are one list (RFC 9110 section 5.3).
    ///   - hasQuotedStrings: whether a comma may be part of a quoted string.
    init(_ lines: [String], hasQuotedStrings: Bool) {
        self.lines = lines
        self.hasQuotedStrings = hasQuotedStrings
    }

    /// The element before the last one that was returned, without the blanks around it. It is empty if two commas
    /// follow each other.
    ///
    /// - Returns: `nil` at the beginning of the list, and if a quoted string does not begin.
    mutating func next() -> Octets? {
        guard let line = rest ?? lines.popLast().map({ Octets($0) }) else { return nil }
        guard hasQuotedStrings else {
            let (head, tail) = line.splitFromRight(at: ",")
            rest = head
            return tail.trimmed
        }
        guard let (head, tail) = line.splitFromRightOutsideQuotes(at: ",") else {
            lines = []
            rest = nil
            return nil
        }
        rest = head
        return tail.trimmed
    }
}
