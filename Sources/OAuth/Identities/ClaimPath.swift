package import AccessToken
package import JOSE
import WireText

/// The place of a claim in a token: a name, or names separated by `/` for the members of nested objects.
///
/// A name may contain slashes itself (`https://sts.amazonaws.com/`), so a path has several readings. The whole text as one
/// name comes first, then the readings with the longest first name, and the first one that the token has counts.
package struct ClaimPath: Sendable, Hashable, CustomStringConvertible {
    /// As the operator wrote it.
    package let description: String
    private let exact: ExactText

    /// The most slashes: each may or may not separate two names.
    private static let mostSlashes = 8

    /// - Throws: for an empty text, one of more than 256 octets, or one with more than eight slashes.
    package init(_ text: String) throws(InvalidValue) {
        guard !text.isEmpty else { throw InvalidValue("is empty") }
        guard text.utf8.count <= 256 else { throw InvalidValue("is longer than 256 octets") }
        guard Octets(text).count(of: "/") <= Self.mostSlashes else { throw InvalidValue("has more than eight slashes") }
        description = text
        exact = ExactText(text)
    }

    /// The value at this place; `nil` if the token has none.
    package func value(in claims: JSONObject) -> JSONValue? { Self.value(at: Octets(description), in: claims) }

    private static func value(at path: Octets, in object: JSONObject) -> JSONValue? {
        if let value = object[path.text] { return value }
        var head = path.splitFromRight(at: "/").head
        while let name = head {
            let rest = path.dropFirst(name.count + 1)
            if let nested = object[name.text]?.object, let value = value(at: rest, in: nested) { return value }
            head = name.splitFromRight(at: "/").head
        }
        return nil
    }

    /// Whether both are the same octets.
    package static func == (first: ClaimPath, second: ClaimPath) -> Bool { first.exact == second.exact }

    /// Hashes the octets.
    package func hash(into hasher: inout Hasher) { hasher.combine(exact) }
}
