public import AccessToken
import Foundation

extension NumericDate {
    /// In UTC, as people and programs read it: RFC 3339.
    public var rfc3339: String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }
}
