import CLibcrypto

/// HMAC, RFC 2104.
public enum MessageAuthenticationCode {
    /// The HMAC of `message` under `key`, as long as the digest of `hash`.
    public static func make(
        for message: Span<UInt8>, key: SecretBytes, hash: HashFunction
    ) throws(LibcryptoError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: hash.digestSize)
        let made = unsafe hash.implementation.withUnsafePointer { hash in
            unsafe code.withUnsafeMutableBufferPointer { code in
                key.withBytes { key in
                    unsafe key.withUnsafeBytes { key in
                        unsafe message.withUnsafeBufferPointer { message in
                            unsafe HMAC(
                                hash, key.baseAddress, Int32(clamping: key.count), message.baseAddress, message.count,
                                code.baseAddress, nil) != nil
                        }
                    }
                }
            }
        }
        guard made else { throw LibcryptoError(drainingQueueFor: "compute an HMAC") }
        return code
    }
}
