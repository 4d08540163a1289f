import JOSE
package import Libcrypto
import WireText

/// A DPoP nonce that no server stores, RFC 9449 section 8: in base64url, the second in which it was made and a MAC of it.
package enum TimedNonce {
    /// How long a nonce is good.
    package static let lifetime: Duration = .seconds(300)
    /// How far the clock of the server that made it may be ahead.
    private static let leeway: Duration = .seconds(60)
    /// In octets.
    private static let (timeSize, codeSize) = (8, 16)

    /// Makes a nonce.
    ///
    /// - Parameter code: the MAC of the octets of the time, under the server's key. Its first 16 octets count.
    package static func make(
        now: NumericDate, code: ([UInt8]) throws(LibcryptoError) -> [UInt8]
    ) throws(LibcryptoError) -> String {
        let time = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: now.seconds >> $0) }
        return Base64URL.encode(time + (try code(time)).prefix(codeSize))
    }

    /// When a nonce was made.
    ///
    /// - Parameter codes: the MACs of the octets of the time, under each key that may have made it. All are compared, each in
    ///   constant time.
    /// - Returns: `nil` if it is none of the server's, or is no longer good, or is from the future of a clock that is ahead by
    ///   more than a minute.
    package static func time(
        of nonce: String, now: NumericDate, codes: ([UInt8]) throws(LibcryptoError) -> [[UInt8]]
    ) throws(LibcryptoError) -> NumericDate? {
        guard nonce.utf8.count == Base64URL.encodedCount(timeSize + codeSize), let octets = Base64URL.decode(nonce)
        else { return nil }
        let (time, shown) = (Array(octets[..<timeSize]), Array(octets[timeSize...]))
        var isOwn = false
        for code in try codes(time) where ConstantTime.areEqual(Array(code.prefix(codeSize)).span, shown.span) {
            isOwn = true
        }
        let date = NumericDate(Int64(bitPattern: time.reduce(0) { $0 << 8 | UInt64($1) }))
        return isOwn && now < date + lifetime && date <= now + leeway ? date : nil
    }
}
