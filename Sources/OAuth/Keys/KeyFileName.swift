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
        /// `.key-uri`: the URI of a private key that signs and stays in another place. Beside it, a `.pub.pem` file of
        /// the same name has its public half.
        case remote
        /// `.pub.pem`: a public key that verifies old tokens.
        case verifying
        /// `.sealing`: a key for refresh tokens.
        case sealing

        /// With the dot.
        package var fileExtension: String {
            switch self {
            case .signing: ".pem"
            case .remote: ".key-uri"
            case .verifying: ".pub.pem"
            case .sealing: ".sealing"
            }
        }

        /// Whether the key signs access tokens.
        package var signs: Bool { self == .signing || self == .remote }

        /// Whether the key seals refresh tokens.
        package var seals: Bool { self == .sealing }
    }

    /// The file name, with its extension and without the folder.
    package let description: String
    /// Derived from the extension alone; the file need not exist.
    package let content: Content
    /// The name without its extension.
    private let stem: String
    /// The time from which the key signs; `nil` for a name without a time, whose key signs from the beginning.
    package let start: NumericDate?
    /// The `kid`, if the name of a file that is no sealing key contains it: `20261123T093000Z-kid=blue.pem`, or `kid.blue.pem` if
    /// names must not contain `=`, as in a Kubernetes Secret. An issuer of old tokens chose it, or verifiers need a
    /// certain one. `nil` for the RFC 7638 thumbprint.
    package let keyID: String?

    /// - Returns: `nil` for a file that is not a key, such as a README or a hidden file.
    /// - Throws: for a name that begins like a time but is not one, and for an empty `kid`.
    package init?(_ name: String) throws(InvalidValue) {
        guard !name.hasPrefix(".") else { return nil }
        // The longer of two that match comes first.
        let contents: [Content] = [.verifying, .signing, .remote, .sealing]
        guard let content = contents.first(where: { name.hasSuffix($0.fileExtension) }) else { return nil }
        self.content = content
        description = name
        stem = String(name.dropLast(content.fileExtension.count))
        start = try Self.start(of: name)
        // No token names a sealing key.
        keyID = try content == .sealing ? nil : Self.keyID(in: stem[...])
    }

    /// The file with the public half of the key in a `.key-uri` file; `nil` for any other file.
    package var publicHalf: KeyFileName? {
        content == .remote ? try? KeyFileName(stem + Content.verifying.fileExtension) : nil
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

extension [KeyFileName] {
    /// The files that are keys by themselves: without the public halves of keys that stay in another place.
    package var withoutPublicHalves: [KeyFileName] {
        let halves = Set(compactMap(\.publicHalf))
        return halves.isEmpty ? self : filter { !halves.contains($0) }
    }
}
