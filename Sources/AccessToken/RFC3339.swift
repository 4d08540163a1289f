package import AccessToken
import Foundation

extension NumericDate {
    /// In UTC, as people and programs read it: RFC 3339.
    package var rfc3339: String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }

    /// - Throws: for what is no date with a time, and for one too far away to be a number of seconds.
    init(rfc3339 text: String) throws(InvalidValue) {
        guard let date = try? Date(text, strategy: .iso8601) else {
            throw InvalidValue("is not a time such as 2027-01-01T00:00:00Z")
        }
        guard let seconds = Int64(exactly: date.timeIntervalSince1970.rounded(.down)) else {
            throw InvalidValue("is too far away")
        }
        self.init(seconds)
    }
}
