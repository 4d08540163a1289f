package import AccessToken
import JOSE
import WireText

/// The name of a file in the keys folder, which gives the time from which the key signs: `20261123T093000Z-blue.pem`.
///
/// Names sort in the order in which the keys sign: by time, then by name.
package struct KeyFileName: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// What the file holds, by its extension.
    package enum Content: Sendable, Hashable {
        /// `.pem`: a private key that signs.
        case signing
        /// `.pub.pem`: a public key that verifies old tokens.
        case verifying
        /// `.sealing`: a key for refresh tokens.
        case sealing
    }

    /// The file name, with its extension and without the folder.
    package let description: String
    /// Derived from the extension alone; the file need not exist.
    package let content: Content
    /// The time from which the key signs; `nil` for a name without a time, whose key signs from the beginning.
    package let start: NumericDate?
    /// The `kid`, if the name of a `.pem` or `.pub.pem` contains it: `20261123T093000Z-kid=blue.pem`, or `kid.blue.pem` if
    /// names must not contain `=`, as in a Kubernetes Secret. An issuer of old tokens chose it, or verifiers need a
    /// certain one. `nil` for the RFC 7638 thumbprint.
    package let keyID: String?

    /// - Returns: `nil` for a file that is not a key, such as a README or a hidden file.
    /// - Throws: for a name that begins like a time but is not one, and for an empty `kid`.
    package init?(_ name: String) throws(InvalidValue) {
        guard !name.hasPrefix(".") else { return nil }
        let suffix: String
        if name.hasSuffix(".pub.pem") {
            (content, suffix) = (.verifying, ".pub.pem")
        } else if name.hasSuffix(".pem") {
            (content, suffix) = (.signing, ".pem")
        } else if name.hasSuffix(".sealing") {
            (content, suffix) = (.sealing, ".sealing")
        } else {
            return nil
        }
        description = name
        start = try Self.start(of: name)
        // No token names a sealing key.
        keyID = try content == .sealing ? nil : Self.keyID(in: name.dropLast(suffix.count))
    }

    /// Compares octet for octet, as file systems do: the two encodings of `é` are different names.
    package static func == (first: KeyFileName, second: KeyFileName) -> Bool {
        first.description.utf8.elementsEqual(second.description.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for octet in description.utf8 { hasher.combine(octet) }
    }

    /// A name without a time sorts before all names with one.
    package static func < (first: KeyFileName, second: KeyFileName) -> Bool {
        let (firstStart, secondStart) = (first.start ?? NumericDate(.min), second.start ?? NumericDate(.min))
        guard firstStart == secondStart else { return firstStart < secondStart }
        return first.description.utf8.lexicographicallyPrecedes(second.description.utf8)
    }

    private static func keyID(in stem: Substring) throws(InvalidValue) -> String? {
        guard let mark = stem.firstRange(of: "kid=") ?? dottedMark(in: stem) else { return nil }
        let keyID = stem[mark.upperBound...]
        guard !keyID.isEmpty else { throw InvalidValue("has an empty kid") }
        return String(keyID)
    }

    /// `kid.` counts only at the start of a part of the name.
    private static func dottedMark(in stem: Substring) -> Range<String.Index>? {
        if stem.hasPrefix("kid.") { return stem.firstRange(of: "kid.") }
        guard let mark = stem.firstRange(of: "-kid.") ?? stem.firstRange(of: ".kid.") else { return nil }
        return stem.index(after: mark.lowerBound)..<mark.upperBound
    }

    private static func start(of name: String) throws(InvalidValue) -> NumericDate? {
        let digits = name.utf8.prefix(while: ASCII.isDigit)
        guard digits.count >= 8 else { return nil }
        // Eight digits are a date. A name that is almost a time is a mistake, and must not count as a name without a
        // time.
        let stem = name.prefix { $0 != "." && $0 != "-" }
        guard let time = BasicTime(String(stem)) else {
            throw InvalidValue("begins like a UTC time (20261123T093000Z) but is none")
        }
        return time.date
    }
}
