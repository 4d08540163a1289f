/// The part of a client's network address that one party controls: an IPv4 address, or the first 64 bits of an IPv6
/// one.
package struct AddressBlock: Sendable, Hashable {
    private let bits: UInt64
    private let isIPv6: Bool

    /// - Parameter octets: four octets, or sixteen.
    package init(octets: [UInt8]) {
        isIPv6 = octets.count > 4
        bits = octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
