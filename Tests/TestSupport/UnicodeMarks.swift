/// Characters that change what a text means to Swift's `String` and nothing to its octets.
public enum UnicodeMarks {
    /// Each joins with the octet beside it into one `Character`.
    public static let joining = ["\u{0600}", "\u{0301}", "\u{200D}"]
    /// Each is equal to `K`, `;` or a grave accent for Swift's `==`; the first is `k` in lower case too.
    public static let lookalikes = ["\u{212A}", "\u{037E}", "\u{1FEF}"]
    /// All of them.
    public static let all = joining + lookalikes

    /// `text` with `mark` before, behind and on both sides of each `separator`, one place at a time, and in place of the
    /// separator.
    public static func variants(of text: String, at separator: Unicode.Scalar, with mark: String) -> [String] {
        let scalars = Array(text.unicodeScalars)
        func joined(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            return String(view)
        }
        return scalars.indices.filter { scalars[$0] == separator }.flatMap { index in
            let (head, tail) = (joined(scalars[..<index]), joined(scalars[(index + 1)...]))
            return [
                head + mark + String(separator) + tail, head + String(separator) + mark + tail,
                head + mark + String(separator) + mark + tail, head + mark + tail,
            ]
        }
    }
}
