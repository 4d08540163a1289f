import HTTPEdge
import NIOHTTP1
import WireText

/// Keeps web pages away from the console. A page of a stranger can have its own name resolved to the address of the
/// management listener (DNS rebinding): to the browser both are one origin then, and only `Host` tells them apart.
struct ConsoleAccess: Sendable {
    /// The host of `management`, which may be a name.
    let host: String

    /// Whether a host is one by which operators call the listener: an IP address, `localhost`, the host of `management`, a
    /// name without a dot, or that of a service inside a Kubernetes cluster. No stranger can have a page at these.
    func isOwn(_ host: Octets) -> Bool {
        guard !host.isEmpty, host.isVisibleASCII else { return false }
        if IPAddress(host.text) != nil || host.isSameIgnoringCase(as: self.host) { return true }
        let name = Octets(host.lowercased)
        return !name.contains(ascii: ".") || name.ends(with: ".localhost") || name.ends(with: ".svc")
            || name.ends(with: ".svc.cluster.local")
    }

    enum Decision {
        case allowed
        /// The client called the listener by a name that a stranger may have chosen.
        case foreignHost
        /// A page of another site asks.
        case foreignPage
    }

    func decision(on request: Request) -> Decision {
        guard let host = request.fields.first(name: "Host").flatMap(Self.host), isOwn(host) else { return .foreignHost }
        // Fetch Metadata section 2: browsers say which site asks. A link from elsewhere is followed all the same.
        let site = request.fields["Sec-Fetch-Site"].map { Octets($0) }
        let mode = request.fields["Sec-Fetch-Mode"].map { Octets($0) }
        let isOwnPage = site.allSatisfy { $0.isSame(as: "same-origin") || $0.isSame(as: "none") }
        return isOwnPage || mode.contains { $0.isSame(as: "navigate") } ? .allowed : .foreignPage
    }

    /// The host of `Host` without its port and without brackets; `nil` if it is malformed.
    private static func host(_ field: String) -> Octets? {
        let field = Octets(field).trimmed
        guard field.first == UInt8(ascii: "[") else { return field.split(at: ":").head }
        let (address, rest) = field.dropFirst().split(at: "]")
        return rest == nil ? nil : address
    }
}
