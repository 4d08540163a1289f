import AccessToken
import Foundation

/// A moment as people and programs read it, RFC 3339 in UTC.
enum Timestamp {
    static func format(_ date: NumericDate) -> String {
        Date(timeIntervalSince1970: TimeInterval(date.seconds)).formatted(.iso8601)
    }
}
