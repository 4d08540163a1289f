/// A text that is equal to another only if both are the same octets: an identifier, RFC 3986 section 6.2.1.
///
/// A `String` is equal to every text that Unicode takes for the same, so it must not be a key or an identifier unless its
/// characters are known to be ASCII.
package struct ExactText: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ text: String) {
        description = text
    }

    package static func == (first: ExactText, second: ExactText) -> Bool {
        first.description.isSameText(as: second.description)
    }

    /// Hashes the octets, eight at a time, so that texts that Unicode takes for equal have different hashes.
    package func hash(into hasher: inout Hasher) {
        var word: UInt64 = 0
        var count = 0
        for octet in description.utf8 {
            word = word << 8 | UInt64(octet)
            count += 1
            if count % 8 == 0 { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(count)
    }
}
