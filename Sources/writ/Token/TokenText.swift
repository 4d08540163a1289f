import AccessToken
import JOSE
import WireText

/// The header and the claims of a token as a person reads them.
struct TokenText: CustomStringConvertible {
    let header: JSONObject
    let claims: JSONObject
    let now: NumericDate

    /// One member a line, in two columns.
    var description: String {
        Terminal.table([["header"]] + rows(header) + [["claims"]] + rows(claims))
    }

    private func rows(_ object: JSONObject) -> [[String]] {
        object.members.map { ["  \($0.name)", text(of: $0)] }
    }

    private func text(of member: JSONObject.Member) -> String {
        switch member.value {
        case .string(let text): return text
        case .integer(let seconds) where Self.times.contains(ExactText(member.name)): return time(seconds, member.name)
        case .object(let members) where member.name.isSameText(as: "cnf"): return confirmation(members)
        default: return json(member.value)
        }
    }

    /// RFC 7800 section 3.1
    private func confirmation(_ claim: JSONObject) -> String {
        claim.members.map { member in
            let value = member.value.string ?? json(member.value)
            if member.name.isSameText(as: "jkt") { return "jkt \(value): bound to a DPoP key (RFC 9449)" }
            if member.name.isSameText(as: "x5t#S256") {
                return "x5t#S256 \(value): bound to a client certificate (RFC 8705)"
            }
            return "\(member.name) \(value)"
        }.joined(separator: "; ")
    }

    private func json(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The claims that are a NumericDate: RFC 7519 section 4.1, OpenID Connect Core 1.0 section 2.
    private static let times = Set(["exp", "iat", "nbf", "auth_time"].map { ExactText($0) })

    private func time(_ seconds: Int64, _ name: String) -> String {
        let date = NumericDate(seconds)
        guard name.isSameText(as: "exp") else { return "\(date.rfc3339) (\(seconds))" }
        let relation =
            date <= now ? "expired \(Self.span(from: date, to: now)) ago" : "in \(Self.span(from: now, to: date))"
        return "\(date.rfc3339) (\(seconds)), \(relation)"
    }

    /// In the largest unit of which there is at least one, rounded down.
    private static func span(from start: NumericDate, to end: NumericDate) -> String {
        let (difference, isTooLong) = end.seconds.subtractingReportingOverflow(start.seconds)
        let seconds = isTooLong ? .max : difference
        for (unit, length) in [("d", 86400), ("h", 3600), ("m", 60)] as [(String, Int64)] where seconds >= length {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}
