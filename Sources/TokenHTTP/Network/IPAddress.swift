import NIOCore
import OAuth

/// An IPv4 or IPv6 address. An IPv4 address in IPv6 clothing (RFC 4291 section 2.5.5.2) is an IPv4 address.
struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// Four octets or sixteen.
    let octets: [UInt8]

    private init(octets: [UInt8]) {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        self.octets = octets.count == 16 && octets.starts(with: mapped) ? Array(octets.suffix(4)) : octets
    }

    /// - Returns: nil for a socket that has no network address.
    init?(_ address: SocketAddress?) {
        // As text: whose module the system's structures belong to is not the same in every build.
        guard let text = address?.ipAddress,
            let octets = text.contains(":") ? Self.octets(ofIPv6: text) : Self.octets(ofIPv4: text)
        else { return nil }
        self.init(octets: octets)
    }

    /// - Returns: nil for what is no address, such as a host name or one with a port.
    init?(_ text: some StringProtocol) {
        self.init(try? SocketAddress(ipAddress: String(text), port: 0))
    }

    /// As people write it; of an IPv6 address, without leaving zeros out.
    var description: String {
        if octets.count == 4 { return octets.map(String.init).joined(separator: ".") }
        return stride(from: 0, to: octets.count - 1, by: 2).map {
            String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16)
        }.joined(separator: ":")
    }

    /// What a party that fails is known by.
    var block: AddressBlock { AddressBlock(octets: octets) }

    private static func octets(ofIPv4 text: String) -> [UInt8]? {
        let octets = text.split(separator: ".").compactMap { UInt8($0) }
        return octets.count == 4 ? octets : nil
    }

    /// RFC 4291 section 2.2, as the system writes it: `2001:db8::17`, `::ffff:192.0.2.1`, perhaps with a zone behind it.
    private static func octets(ofIPv6 text: String) -> [UInt8]? {
        let address = text.prefix { $0 != "%" }
        var halves = [[UInt8]()]
        for part in address.split(separator: ":", omittingEmptySubsequences: false) {
            if part.isEmpty {
                if halves.count == 1 { halves.append([]) }
            } else if part.contains(".") {
                halves[halves.count - 1] += part.split(separator: ".").compactMap { UInt8($0) }
            } else {
                guard let group = UInt16(part, radix: 16) else { return nil }
                halves[halves.count - 1] += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
            }
        }
        let zeros = 16 - halves.reduce(0) { $0 + $1.count }
        guard zeros >= 0, halves.count == 2 || zeros == 0 else { return nil }
        return halves[0] + [UInt8](repeating: 0, count: zeros) + halves.dropFirst().flatMap { $0 }
    }
}
