import WireText

/// Which clients the page shows: the query of `/console/state.json`.
struct ConsoleQuery: Sendable, Hashable {
    /// What clients are sorted by.
    enum Sort: String, CaseIterable {
        case clientID = "client_id"
        /// Clients that do not expire come last, whatever the order.
        case expiry = "expires_at"
        /// Clients of which it is not known come last.
        case lastToken = "last_token_at"
    }

    var sort = Sort.expiry
    var isDescending = false
    /// What the identifier or the name contains, whatever the case of ASCII letters; empty for all clients.
    var find: [UInt8] = []
    /// How many clients come before the first one.
    var offset = 0

    /// The most clients in one answer.
    static let limit = 25
    /// The longest ``find`` in octets.
    private static let longestFind = 256

    init() {}

    /// - Parameter text: `sort=expires_at&order=ascending&find=web&offset=50`, in any order and each optional. A member
    ///   with another name is ignored.
    /// - Returns: `nil` if a value is none that the member may have.
    init?(_ text: String?) {
        guard let text else { return }
        for part in Octets(text).eachPart(between: "&") {
            let (name, value) = part.split(at: "=")
            guard let value else { continue }
            if name.isSame(as: "sort") {
                guard let sort = Sort.allCases.first(where: { value.isSame(as: $0.rawValue) }) else { return nil }
                self.sort = sort
            } else if name.isSame(as: "order") {
                guard value.isSame(as: "ascending") || value.isSame(as: "descending") else { return nil }
                isDescending = value.isSame(as: "descending")
            } else if name.isSame(as: "find") {
                guard let find = Self.decoded(value.array), find.count <= Self.longestFind else { return nil }
                self.find = find.map(ASCII.lowercased)
            } else if name.isSame(as: "offset") {
                guard let offset = value.decimal else { return nil }
                self.offset = offset
            }
        }
    }

    /// application/x-www-form-urlencoded; `nil` for a `%` without two hexadecimal digits.
    private static func decoded(_ text: [UInt8]) -> [UInt8]? {
        text.lazy.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }.percentDecoded
    }
}
