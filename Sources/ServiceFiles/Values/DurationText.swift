package import AccessToken
import JOSE
import OAuth
import WireText

/// A duration as it is written in the configuration: `90s`, `15m`, `12h`, `30d`.
package enum DurationText {
    /// - Throws: ``InvalidValue`` for another unit, a sign, a fraction, or more than nine digits.
    package static func parse(_ text: String) throws(InvalidValue) -> Duration {
        let secondsPerUnit: Int64
        switch text.last {
        case "s": secondsPerUnit = 1
        case "m": secondsPerUnit = 60
        case "h": secondsPerUnit = 3600
        case "d": secondsPerUnit = 86400
        default: throw InvalidValue("is not a duration such as 90s, 15m, 12h or 30d")
        }
        let digits = text.dropLast()
        guard !digits.isEmpty, digits.utf8.count <= 9, digits.utf8.allSatisfy(ASCII.isDigit),
            let count = Int64(digits)
        else { throw InvalidValue("is not a duration such as 90s, 15m, 12h or 30d") }
        return .seconds(count * secondsPerUnit)
    }

    /// The lifetime of an access token: access tokens cannot be revoked, so their lifetime is capped at 24 hours.
    package static func parseAccessTokenLifetime(_ text: String) throws(InvalidValue) -> Duration {
        let lifetime = try parse(text)
        guard (.seconds(1) ... .seconds(86400)).contains(lifetime) else {
            throw InvalidValue("is not between 1s and 24h")
        }
        return lifetime
    }

    /// How long an access token may be reused for further requests; `off` is zero.
    static func parseAccessTokenReuse(_ text: String) throws(InvalidValue) -> Duration {
        if isOff(text) { return .zero }
        let reuse = try? parse(text)
        guard let reuse, (.seconds(1)...IssuancePolicy.longestReuse).contains(reuse) else {
            throw InvalidValue("is neither off nor between 1s and 5m")
        }
        return reuse
    }

    /// Whether the text turns a setting off. Operators and YAML 1.1 parsers write that in several ways.
    static func isOff(_ text: String) -> Bool { ["off", "false", "no"].contains(text.lowercased()) }

    /// `on` or `off`, or another word for it.
    static func parseSwitch(_ text: String) throws(InvalidValue) -> Bool {
        if isOff(text) { return false }
        guard ["on", "true", "yes"].contains(text.lowercased()) else { throw InvalidValue("is neither on nor off") }
        return true
    }

    /// The lifetime of a refresh token, including all its successors.
    static func parseRefreshTokenLifetime(_ text: String) throws(InvalidValue) -> Duration {
        let lifetime = try parse(text)
        guard (.seconds(60) ... .seconds(366 * 86400)).contains(lifetime) else {
            throw InvalidValue("is not between 1m and 366d")
        }
        return lifetime
    }

    /// How long a request may wait, in milliseconds or in another unit: `250ms`.
    static func parseWait(_ text: String) throws(InvalidValue) -> Duration {
        let wait = text.hasSuffix("ms") ? try parse(text.dropLast(2) + "s") / 1000 : try parse(text)
        guard (.milliseconds(10) ... .seconds(10)).contains(wait) else {
            throw InvalidValue("is not between 10ms and 10s")
        }
        return wait
    }

    /// How long a connection may be idle between requests.
    static func parseIdleTimeout(_ text: String) throws(InvalidValue) -> Duration {
        let time = try parse(text)
        guard (.seconds(1) ... .seconds(3600)).contains(time) else { throw InvalidValue("is not between 1s and 1h") }
        return time
    }

    /// A human-readable duration, in the largest unit that divides it.
    package static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if attoseconds != 0 { return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms" }
        for (unit, size) in [("d", Int64(86400)), ("h", 3600), ("m", 60)] where seconds > 0 && seconds % size == 0 {
            return "\(seconds / size)\(unit)"
        }
        return "\(seconds)s"
    }
}
