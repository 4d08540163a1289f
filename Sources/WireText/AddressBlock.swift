/// The part of a client's network address that one party controls: an IPv4 address, or the first 64 bits of an IPv6
/// one. An IPv6 address that a translator made of an IPv4 address counts as that.
package struct AddressBlock: Sendable, Hashable {
    private let bits: UInt64
    private let isIPv6: Bool

    package init(of address: IPAddress) {
        let octets = address.octets
        let embedded = octets.count == 16 ? EmbeddedIPv4(in: octets)?.octets : nil
        let all = embedded ?? octets
        isIPv6 = all.count == 16
        bits = all.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private init(network bits: UInt64) {
        self.bits = bits
        isIPv6 = true
    }

    /// The first 48 bits of an IPv6 address: a site gets that many, and has 65,536 blocks. An IPv4 address stays as it
    /// is.
    package var network: AddressBlock { isIPv6 ? AddressBlock(network: bits & ~0xFFFF) : self }
}

/// The IPv4 address in an IPv6 address.
struct EmbeddedIPv4 {
    /// Four octets.
    let octets: [UInt8]

    /// - Parameter address: sixteen octets.
    /// - Returns: `nil` unless the address is from a range for translation or for tunnels.
    init?(in address: [UInt8]) {
        if address.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            // RFC 4291 section 2.5.5.2: IPv4-mapped.
            octets = Array(address[12...])
        } else if address.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) {
            // RFC 6052 section 2.1: NAT64 and SIIT, 64:ff9b::/96.
            octets = Array(address[12...])
        } else if address.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 1]) {
            // RFC 8215: the same for local use, 64:ff9b:1::/48.
            octets = Self.behindAnyPrefix(of: address)
        } else if address.starts(with: [0x20, 0x02]) {
            // RFC 3056 section 2: 6to4, 2002::/16.
            octets = Array(address[2..<6])
        } else if address.starts(with: [0x20, 0x01, 0, 0]) {
            // RFC 4380 section 4: Teredo, 2001::/32, with every bit of the address inverted.
            octets = address[12...].map { ~$0 }
        } else {
            return nil
        }
    }

    /// The address behind a prefix of 96, 64, 56 or 48 bits. RFC 6052 section 2.2: octet 8 is zero, and so is all that
    /// follows the address.
    private static func behindAnyPrefix(of address: [UInt8]) -> [UInt8] {
        if address[13...].contains(where: { $0 != 0 }) { return Array(address[12...]) }
        if address[12] != 0 { return Array(address[9..<13]) }
        if address[11] != 0 { return [address[7]] + address[9..<12] }
        return Array(address[6..<8] + address[9..<11])
    }
}
