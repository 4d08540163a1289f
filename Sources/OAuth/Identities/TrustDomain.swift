import WireText

/// A SPIFFE trust domain, SPIFFE-ID section 2.1: `spiffe://example.org`.
package struct TrustDomain: Sendable, Equatable {
    /// `spiffe://` and the name.
    package let identifier: String

    /// - Returns: `nil` for any other text, also for one with a path.
    package init?(identifier: String) {
        guard Octets(identifier).begins(with: Self.scheme),
            Self.isName(Octets(identifier).dropFirst(Self.scheme.utf8.count))
        else { return nil }
        self.identifier = identifier
    }

    /// The trust domain of a workload's SPIFFE ID.
    ///
    /// - Returns: `nil` for a text that is no SPIFFE ID with a path (SPIFFE-ID section 2.2), or has more than 2048 octets.
    package init?(of spiffeID: String) {
        guard spiffeID.utf8.count <= 2048, Octets(spiffeID).begins(with: Self.scheme) else { return nil }
        let (name, path) = Octets(spiffeID).dropFirst(Self.scheme.utf8.count).split(at: "/")
        guard Self.isName(name), let path, path.eachPart(between: "/").allSatisfy(Self.isSegment) else { return nil }
        identifier = Self.scheme + name.text
    }

    private static let scheme = "spiffe://"

    private static func isName(_ name: Octets) -> Bool {
        (1...255).contains(name.count)
            && name.allSatisfy {
                ASCII.isDigit($0) || ASCII.isLetter($0) && ASCII.lowercased($0) == $0 || ".-_".utf8.contains($0)
            }
    }

    /// Letters, digits, dots, hyphens and underscores, and not a dot segment.
    private static func isSegment(_ segment: Octets) -> Bool {
        guard !segment.isEmpty, !segment.isSame(as: "."), !segment.isSame(as: "..") else { return false }
        return segment.allSatisfy { ASCII.isDigit($0) || ASCII.isLetter($0) || ".-_".utf8.contains($0) }
    }

    package static func == (first: TrustDomain, second: TrustDomain) -> Bool {
        first.identifier.isSameText(as: second.identifier)
    }
}
