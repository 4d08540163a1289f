public import AccessToken
import Foundation

extension NumericDate {
    /// The machine's clock.
    public static var now: NumericDate {
        NumericDate(Int64(Date().timeIntervalSince1970.rounded(.down)))
    }
}
