/// Text with quoted strings, RFC 9110 section 5.6.4: within quotation marks a separator is text, and a backslash stands
/// before a quotation mark or a backslash that is text.
extension Octets {
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// What is before the first `separator` outside of quoted strings, and what is after it; `nil` for the second if
    /// there is no separator.
    ///
    /// - Returns: `nil` if a quoted string does not end.
    package func splitOutsideQuotes(at separator: Unicode.Scalar) -> (head: Octets, tail: Octets?)? {
        let separator = UInt8(ascii: separator)
        var isQuoted = false
        var index = utf8.startIndex
        while index < utf8.endIndex {
            let octet = utf8[index]
            if octet == Self.quote {
                isQuoted.toggle()
            } else if octet == Self.backslash, isQuoted {
                index = utf8.index(after: index)
                guard index < utf8.endIndex else { return nil }
            } else if octet == separator, !isQuoted {
                return (Octets(utf8[..<index]), Octets(utf8[utf8.index(after: index)...]))
            }
            index = utf8.index(after: index)
        }
        return isQuoted ? nil : (self, nil)
    }

    /// What is after the last `separator` outside of quoted strings, and what is before it; `nil` for the first if
    /// there is no separator. Nothing before that separator is read: if the end of a text is trusted more than the
    /// rest, the rest cannot change where the end begins.
    ///
    /// - Returns: `nil` if a quoted string does not begin.
    package func splitFromRightOutsideQuotes(at separator: Unicode.Scalar) -> (head: Octets?, tail: Octets)? {
        let separator = UInt8(ascii: separator)
        var index = utf8.endIndex
        while index > utf8.startIndex {
            let before = utf8.index(before: index)
            if utf8[before] == separator { return (Octets(utf8[..<before]), Octets(utf8[index...])) }
            if utf8[before] == Self.quote {
                guard let opening = openingQuote(before: before) else { return nil }
                index = opening
            } else {
                index = before
            }
        }
        return (nil, self)
    }

    /// The quotation mark that begins the quoted string that ends at `closing`: the last one without a backslash that
    /// makes it text.
    private func openingQuote(before closing: Substring.UTF8View.Index) -> Substring.UTF8View.Index? {
        var end = closing
        while let quote = utf8[..<end].lastIndex(of: Self.quote) {
            let backslashes = utf8[..<quote].reversed().prefix { $0 == Self.backslash }.count
            if backslashes.isMultiple(of: 2) { return quote }
            end = quote
        }
        return nil
    }

    /// The content of a quoted string, without the backslashes that stand before its quotation marks and backslashes. A
    /// text without quotation marks stays as it is.
    ///
    /// - Returns: `nil` for a quotation mark that neither begins nor ends the text.
    package var unquoted: Octets? {
        guard utf8.first == Self.quote else { return utf8.contains(Self.quote) ? nil : self }
        var content: [UInt8] = []
        var rest = utf8.dropFirst()
        while let octet = rest.popFirst() {
            if octet == Self.quote { return rest.isEmpty ? Octets(String(decoding: content, as: UTF8.self)) : nil }
            guard octet == Self.backslash else {
                content.append(octet)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            content.append(escaped)
        }
        return nil
    }
}
