/// Text from outside: a header field, a target, a form value, a URL in a file.
///
/// Swift compares a `String` by canonical equivalence and splits it between grapheme clusters: a comma behind U+0600 is
/// no `Character` of its own, and U+212A is a `k` in lower case. This type offers the same operations on octets alone.
/// No octet of a multi-octet UTF-8 sequence is ASCII, so that an ASCII separator is found wherever it stands.
package struct Octets: Sendable, Hashable {
    let utf8: Substring.UTF8View

    init(_ utf8: Substring.UTF8View) {
        self.utf8 = utf8
    }

    package init(_ text: String) {
        utf8 = text[...].utf8
    }

    package init(_ text: Substring) {
        utf8 = text.utf8
    }

    /// The same text, for everything that is not a separator or a keyword.
    package var text: String { String(Substring(utf8)) }

    /// A copy of the octets, for a decoder.
    package var array: [UInt8] { Array(utf8) }

    package var isEmpty: Bool { utf8.isEmpty }

    package var count: Int { utf8.count }

    package var first: UInt8? { utf8.first }

    package var last: UInt8? { utf8.last }

    package func allSatisfy(_ predicate: (UInt8) -> Bool) -> Bool { utf8.allSatisfy(predicate) }

    package func contains(ascii octet: Unicode.Scalar) -> Bool { utf8.contains(UInt8(ascii: octet)) }

    /// How often `octet` occurs.
    package func count(of octet: Unicode.Scalar) -> Int { utf8.count { $0 == UInt8(ascii: octet) } }

    /// Whether every octet is visible ASCII, 0x21 to 0x7E.
    package var isVisibleASCII: Bool { utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    // MARK: Comparing

    /// Whether both are the same octets. This does not take constant time, so it must not compare secrets.
    package func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether both are the same octets. This does not take constant time, so it must not compare secrets.
    package func isSame(as other: Octets) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether both are the same octets.
    package static func == (first: Octets, second: Octets) -> Bool { first.isSame(as: second) }

    /// Hashes the octets: texts that Unicode takes for equal have different hashes.
    package func hash(into hasher: inout Hasher) {
        for octet in utf8 { hasher.combine(octet) }
        hasher.combine(utf8.count)
    }

    /// Whether both are the same octets, if the letters A to Z count as a to z.
    package func isSameIgnoringCase(as other: String) -> Bool {
        utf8.count == other.utf8.count
            && zip(utf8, other.utf8).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }

    package func begins(with prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

    package func ends(with suffix: String) -> Bool { utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }

    // MARK: Taking apart

    package func dropFirst(_ count: Int = 1) -> Octets { Octets(utf8.dropFirst(count)) }

    package func dropLast(_ count: Int = 1) -> Octets { Octets(utf8.dropLast(count)) }

    package func prefix(_ count: Int) -> Octets { Octets(utf8.prefix(count)) }

    package func prefix(while predicate: (UInt8) -> Bool) -> Octets { Octets(utf8.prefix(while: predicate)) }

    /// What is before the first `separator`, and what is after it; `nil` for the second if there is no separator.
    package func split(at separator: Unicode.Scalar) -> (head: Octets, tail: Octets?) {
        guard let index = utf8.firstIndex(of: UInt8(ascii: separator)) else { return (self, nil) }
        return (Octets(utf8[..<index]), Octets(utf8[utf8.index(after: index)...]))
    }

    /// What is after the last `separator`, and what is before it; `nil` for the first if there is no separator.
    package func splitFromRight(at separator: Unicode.Scalar) -> (head: Octets?, tail: Octets) {
        guard let index = utf8.lastIndex(of: UInt8(ascii: separator)) else { return (nil, self) }
        return (Octets(utf8[..<index]), Octets(utf8[utf8.index(after: index)...]))
    }

    /// The parts between separators, empty ones included. A text without a separator is one part.
    package func parts(between separator: Unicode.Scalar) -> [Octets] {
        utf8.split(separator: UInt8(ascii: separator), omittingEmptySubsequences: false).map(Octets.init)
    }

    /// The parts between separators, empty ones included, read one after the other: a caller that stops early reads no
    /// further, and no array is made.
    package func eachPart(between separator: Unicode.Scalar) -> Parts { Parts(rest: self, separator: separator) }

    /// See ``eachPart(between:)``.
    package struct Parts: Sequence, IteratorProtocol {
        fileprivate var rest: Octets?
        fileprivate let separator: Unicode.Scalar

        package mutating func next() -> Octets? {
            guard let parts = rest?.split(at: separator) else { return nil }
            rest = parts.tail
            return parts.head
        }
    }

    /// Without the spaces and tabs around it: OWS, RFC 9110 section 5.6.3.
    package var trimmed: Octets {
        func isBlank(_ octet: UInt8) -> Bool { octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") }
        let rest = utf8.drop(while: isBlank)
        guard let last = rest.lastIndex(where: { !isBlank($0) }) else { return Octets(rest.prefix(0)) }
        return Octets(rest[...last])
    }

    /// Without the line feeds and carriage returns around it.
    package var withoutLineEnds: Octets {
        func isLineEnd(_ octet: UInt8) -> Bool { octet == UInt8(ascii: "\n") || octet == UInt8(ascii: "\r") }
        let rest = utf8.drop(while: isLineEnd)
        guard let last = rest.lastIndex(where: { !isLineEnd($0) }) else { return Octets(rest.prefix(0)) }
        return Octets(rest[...last])
    }

    /// With a to z in place of A to Z, and all else as it is.
    package var lowercased: String {
        String(decoding: utf8.lazy.map(ASCII.lowercased), as: UTF8.self)
    }

    /// The number that the decimal digits form: `nil` if the text is empty, has another octet, or the number is above
    /// `Int.max`.
    package var decimal: Int? {
        guard !utf8.isEmpty else { return nil }
        var number = 0
        for octet in utf8 {
            guard ASCII.isDigit(octet) else { return nil }
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isTooLargeNow) = product.addingReportingOverflow(Int(octet - UInt8(ascii: "0")))
            guard !isTooLarge, !isTooLargeNow else { return nil }
            number = sum
        }
        return number
    }
}
