import CLibcrypto

/// libcrypto's generator for public values, such as token identifiers and nonces.
public enum RandomBytes {
    /// - Parameter count: the number of bytes.
    public static func make(_ count: Int) throws(LibcryptoError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let status = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe RAND_bytes($0.baseAddress, Int32(clamping: count))
        }
        try check(status, "make random bytes")
        return bytes
    }
}
