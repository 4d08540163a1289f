import CLibcrypto

/// Owns one `BIGNUM`.
@safe
final class BigNumber {
    private let pointer: OpaquePointer

    init(takingOwnershipOf pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    convenience init(bigEndian bytes: Span<UInt8>) throws(LibcryptoError) {
        let number = unsafe bytes.withUnsafeBufferPointer {
            unsafe BN_bin2bn($0.baseAddress, Int32(clamping: $0.count), nil)
        }
        unsafe self.init(takingOwnershipOf: try check(number, "read a number"))
    }

    deinit { unsafe BN_clear_free(pointer) }

    /// Lends the pointer, which must not leave the closure.
    func withUnsafePointer<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        unsafe body(pointer)
    }

    /// Big-endian octets without leading zeros, or padded with zeros to `size`.
    ///
    /// - Returns: `nil` if the number needs more than `size` octets.
    func bigEndian(paddedTo size: Int? = nil) -> [UInt8]? {
        let size = unsafe size ?? Int(BN_num_bits(pointer) + 7) / 8
        var bytes = [UInt8](repeating: 0, count: size)
        let written = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe BN_bn2binpad(pointer, $0.baseAddress, Int32(clamping: size))
        }
        return written == Int32(clamping: size) ? bytes : nil
    }
}
