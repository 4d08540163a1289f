import HTTPTypes
import OAuth

/// Proxies whose header fields about the origin of a request are trusted: `trusted_proxies` of the configuration.
struct TrustedProxies: Sendable {
    let networks: [IPNetwork]

    /// The address that a request came from: the address of the connection, unless a trusted proxy reports another.
    ///
    /// Proxies append to `X-Forwarded-For` or `Forwarded` (RFC 7239), so the last address that is not a trusted proxy
    /// counts. The client may have forged everything before it. If a request has both fields and they disagree, the
    /// proxy did not write one of them, and both are ignored.
    func origin(of connection: IPAddress, _ fields: HTTPFields) -> IPAddress {
        guard !networks.isEmpty, isTrusted(connection) else { return connection }
        let chains = [Self.forwardedFor(fields), Self.forwarded(fields)].compactMap { $0 }
        let origins = Set(chains.map { last(of: $0, behind: connection) })
        return origins.count == 1 ? origins.first ?? connection : connection
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        networks.contains { $0.contains(address) }
    }

    /// The last address of the chain that is not a trusted proxy.
    ///
    /// - Parameter chain: the addresses of the field, `nil` for an element that is not an address.
    private func last(of chain: [IPAddress?], behind connection: IPAddress) -> IPAddress {
        var last = connection
        for address in chain.reversed() {
            guard let address else { return last }
            last = address
            guard isTrusted(address) else { return last }
        }
        return last
    }

    /// The addresses of `X-Forwarded-For`, or `nil` if there is no such field.
    private static func forwardedFor(_ fields: HTTPFields) -> [IPAddress?]? {
        guard let name = HTTPField.Name("X-Forwarded-For"), let text = fields[name] else { return nil }
        return text.split(separator: ",", omittingEmptySubsequences: false).map { address(String($0)) }
    }

    /// The addresses of `Forwarded`, or `nil` if there is no such field. RFC 7239 section 4:
    /// `for=192.0.2.43, for="[2001:db8::17]:4711";proto=https`.
    private static func forwarded(_ fields: HTTPFields) -> [IPAddress?]? {
        guard let name = HTTPField.Name("Forwarded"), let text = fields[name] else { return nil }
        return text.split(separator: ",", omittingEmptySubsequences: false).map { element in
            for pair in element.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1).map { trimming(String($0)) }
                guard parts.count == 2, parts[0].lowercased() == "for" else { continue }
                return address(parts[1].filter { $0 != "\"" })
            }
            return nil
        }
    }

    /// Parses an address, which may be followed by a port. An IPv6 address may be in brackets.
    private static func address(_ text: String) -> IPAddress? {
        let text = trimming(text)
        if text.hasPrefix("[") { return IPAddress(text.dropFirst().prefix { $0 != "]" }) }
        if text.count(where: { $0 == ":" }) == 1 { return IPAddress(text.prefix { $0 != ":" }) }
        return IPAddress(text)
    }

    private static func trimming(_ text: String) -> String {
        let blanks: Set<Character> = [" ", "\t"]
        return String(text.drop(while: blanks.contains).reversed().drop(while: blanks.contains).reversed())
    }
}
