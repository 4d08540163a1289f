import AccessToken
import JOSE
import OAuth

extension Client {
    /// Writes the moments before which its tokens are revoked, as in the clients file, and its place in the status lists.
    func writeRevocation(to object: inout JSONWriter) {
        for (name, notBefore) in moments { object.member(name, notBefore.json) }
        if let place = try? statusPlace() { object.member("status_index", .integer(Int64(place))) }
        if !isInStatusLists { object.member("access_token_status_list", .bool(false)) }
    }

    /// The same as rows of a table.
    var revocationRows: [[String]] {
        var rows = moments.map { [$0.name, $0.notBefore.moments.map(\.rfc3339).joined(separator: ", ")] }
        if let statusIndex {
            rows.append(["status_index", String(statusIndex)])
        } else if let place = try? statusPlace() {
            rows.append(["status_index", "\(place), from its identifier"])
        }
        if !isInStatusLists { rows.append(["access_token_status_list", "false"]) }
        return rows
    }

    private var moments: [(name: String, notBefore: NotBefore)] {
        [
            ("access_tokens_not_before", notBefore.accessTokens),
            ("refresh_tokens_not_before", notBefore.refreshTokens),
        ].filter { $0.1 != .never }
    }
}

extension NotBefore {
    /// One moment, or a list of several.
    fileprivate var json: JSONValue {
        moments.count == 1 ? .string(moments[0].rfc3339) : .array(moments.map { .string($0.rfc3339) })
    }
}
