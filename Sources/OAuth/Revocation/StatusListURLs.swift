package import AccessToken
import WireText

/// The URLs of the status lists of an issuer: a common beginning, and a second since 1970 in decimal digits.
package struct StatusListURLs: Sendable, Hashable {
    /// The part of all URLs before the second, with a slash at its end.
    private let beginning: String

    /// - Parameter collection: the URL below which the lists are, or its path alone.
    package init(below collection: String) {
        beginning = collection + "/"
    }

    /// `uri` of a list.
    package func url(of list: NumericDate) -> String { beginning + String(list.seconds) }

    /// The list with this URL; `nil` if the text is not exactly the URL of a list.
    package func list(at url: String) -> NumericDate? {
        let octets = Octets(url)
        guard octets.begins(with: beginning) else { return nil }
        let digits = octets.dropFirst(beginning.utf8.count)
        // One list has one URL.
        guard let seconds = digits.decimal, digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        return NumericDate(Int64(seconds))
    }
}
