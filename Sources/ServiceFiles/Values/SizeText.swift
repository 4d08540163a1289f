package import AccessToken
import WireText

/// A number of octets as it is written in the configuration, with the binary units of IEC 80000-13: `256MiB`, `1GiB`. The
/// short forms of Kubernetes, `256Mi`, are the same.
package enum SizeText {
    private static let units: [(name: String, size: Int)] = [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30)]

    /// - Throws: ``InvalidValue`` for another unit, a sign, a fraction, or more than nine digits.
    package static func parse(_ text: String) throws(InvalidValue) -> Int {
        let octets = Octets(text)
        let number = octets.ends(with: "B") ? octets.dropLast() : octets
        for unit in units where number.ends(with: unit.name) {
            let digits = number.dropLast(2)
            guard digits.count <= 9, let count = digits.decimal else { break }
            return count * unit.size
        }
        throw InvalidValue("is not a size such as 256MiB or 1GiB")
    }

    /// The memory that the service may take.
    static func parseMemory(_ text: String) throws(InvalidValue) -> Int {
        let size = try parse(text)
        guard size >= 64 << 20 else { throw InvalidValue("is less than 64MiB") }
        return size
    }

    /// A human-readable size, in whole MiB.
    package static func format(_ octets: Int) -> String { "\(octets >> 20)MiB" }
}
