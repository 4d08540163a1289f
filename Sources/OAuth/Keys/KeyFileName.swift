package import AccessToken
import JOSE

/// The name of a file in the keys folder, which says from when the key signs: `20261123T093000Z-blue.pem`.
///
/// Names compare as the keys follow one another: by time, then by name.
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

    /// With the extension and without the folder.
    package let description: String
    /// By the extension alone; the file need not exist.
    package let content: Content
    /// From when the key signs; nil for a name without a time, which signs from the beginning.
    package let start: NumericDate?
    /// The `kid` that the issuer of an old key gave it, where the name of its `.pub.pem` says so:
    /// `20261123T093000Z-kid=blue.pub.pem`, or `kid.blue.pub.pem` where a name may not have `=`, as in a Kubernetes
    /// Secret.
    package let keyID: String?

    /// - Returns: nil for a file that is no key: a README, a hidden file.
    /// - Throws: for a name that begins like a time and is none.
    package init?(_ name: String) throws(InvalidValue) {
        guard !name.hasPrefix(".") else { return nil }
        if name.hasSuffix(".pub.pem") {
            content = .verifying
        } else if name.hasSuffix(".pem") {
            content = .signing
        } else if name.hasSuffix(".sealing") {
            content = .sealing
        } else {
            return nil
        }
        description = name
        start = try Self.start(of: name)
        keyID = try content == .verifying ? Self.keyID(of: name) : nil
    }

    /// Octet for octet, as file systems compare names: `é` is one character or two.
    package static func == (first: KeyFileName, second: KeyFileName) -> Bool {
        first.description.utf8.elementsEqual(second.description.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for octet in description.utf8 { hasher.combine(octet) }
    }

    /// A name without a time comes before all that have one.
    package static func < (first: KeyFileName, second: KeyFileName) -> Bool {
        let (firstStart, secondStart) = (first.start ?? NumericDate(.min), second.start ?? NumericDate(.min))
        guard firstStart == secondStart else { return firstStart < secondStart }
        return first.description.utf8.lexicographicallyPrecedes(second.description.utf8)
    }

    private static func keyID(of name: String) throws(InvalidValue) -> String? {
        let stem = name.dropLast(".pub.pem".count)
        guard let mark = stem.firstRange(of: "kid=") ?? dottedMark(in: stem) else { return nil }
        let keyID = stem[mark.upperBound...]
        guard !keyID.isEmpty else { throw InvalidValue("has kid with nothing behind it") }
        return String(keyID)
    }

    /// `kid.` counts only where a part of the name begins.
    private static func dottedMark(in stem: Substring) -> Range<String.Index>? {
        if stem.hasPrefix("kid.") { return stem.firstRange(of: "kid.") }
        guard let mark = stem.firstRange(of: "-kid.") ?? stem.firstRange(of: ".kid.") else { return nil }
        return stem.index(after: mark.lowerBound)..<mark.upperBound
    }

    private static func start(of name: String) throws(InvalidValue) -> NumericDate? {
        let digits = name.utf8.prefix(while: ASCII.isDigit)
        guard digits.count >= 8 else { return nil }
        // Eight digits are a date: what is almost a time is a mistake, and must not count as none.
        let stem = name.prefix { $0 != "." && $0 != "-" }
        guard let time = BasicTime(String(stem)) else {
            throw InvalidValue("begins like a UTC time (20261123T093000Z) but is none")
        }
        return time.date
    }
}
