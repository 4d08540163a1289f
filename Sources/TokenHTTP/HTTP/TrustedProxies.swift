import HTTPTypes
import OAuth

/// Proxies whose word about a request's origin is taken: `trusted_proxies` of the configuration.
struct TrustedProxies: Sendable {
    let networks: [IPNetwork]

    /// The address that a request came from: that of the connection, unless a trusted proxy tells of another.
    ///
    /// Proxies append to `X-Forwarded-For` or `Forwarded` (RFC 7239), so the last address that is not a trusted proxy's
    /// counts; what stands before it anybody may have written. Where a request has both fields and they do not agree,
    /// one of them was not the proxy's, and neither counts.
    func origin(of connection: IPAddress, _ fields: HTTPFields) -> IPAddress {
        guard !networks.isEmpty, isTrusted(connection) else { return connection }
        let chains = [Self.forwardedFor(fields), Self.forwarded(fields)].compactMap { $0 }
        let origins = Set(chains.map { last(of: $0, behind: connection) })
        return origins.count == 1 ? origins.first ?? connection : connection
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        networks.contains { $0.contains(address) }
    }

    /// - Parameter chain: nil for an element that is no address.
    private func last(of chain: [IPAddress?], behind connection: IPAddress) -> IPAddress {
        var last = connection
        for address in chain.reversed() {
            guard let address else { return last }
            last = address
            guard isTrusted(address) else { return last }
        }
        return last
    }

    /// nil where there is no such field.
    private static func forwardedFor(_ fields: HTTPFields) -> [IPAddress?]? {
        guard let name = HTTPField.Name("X-Forwarded-For"), let text = fields[name] else { return nil }
        return text.split(separator: ",", omittingEmptySubsequences: false).map { address(String($0)) }
    }

    /// RFC 7239 section 4: `for=192.0.2.43, for="[2001:db8::17]:4711";proto=https`. nil where there is no such field.
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

    /// An address, perhaps with a port behind it, an IPv6 one perhaps in brackets.
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
