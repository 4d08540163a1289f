package import WireText

/// A block of addresses in CIDR notation: `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct IPNetwork: Sendable, Equatable {
    private let address: IPAddress
    private let prefixLength: Int

    /// - Throws: for a malformed address, for a prefix that is missing or longer than the address, and for bits that
    ///   are set after the prefix.
    package init(_ text: String) throws(InvalidValue) {
        let (head, tail) = Octets(text).split(at: "/")
        guard let address = IPAddress(head.text) else {
            throw InvalidValue("is not an address block such as 10.0.0.0/8")
        }
        let longest = address.octets.count * 8
        let length = tail.map { $0.decimal ?? -1 } ?? longest
        guard (0...longest).contains(length) else {
            throw InvalidValue("has a prefix that is missing or longer than the address")
        }
        self.address = address
        prefixLength = length
        guard (length..<longest).allSatisfy({ !Self.bit($0, of: address) }) else {
            throw InvalidValue("has bits set after its prefix: 10.0.0.0/8, not 10.0.0.1/8")
        }
    }

    /// Whether `other` is in the block.
    package func contains(_ other: IPAddress) -> Bool {
        guard other.octets.count == address.octets.count else { return false }
        let whole = prefixLength / 8
        return other.octets[..<whole] == address.octets[..<whole]
            && (whole * 8..<prefixLength).allSatisfy { Self.bit($0, of: other) == Self.bit($0, of: address) }
    }

    private static func bit(_ index: Int, of address: IPAddress) -> Bool {
        address.octets[index / 8] & (0x80 >> (index % 8)) != 0
    }
}
