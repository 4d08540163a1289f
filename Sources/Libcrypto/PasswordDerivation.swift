import CLibcrypto

/// A function that derives a key from a password slowly. Each guess in a search costs as much as each check.
public enum PasswordDerivation: Sendable, Hashable {
    /// PBKDF2 with HMAC, RFC 8018 section 5.2.
    case pbkdf2(HashFunction, iterations: Int)
    /// scrypt, RFC 7914: N is 2 to the power of `logCost`. It takes 128 · N · r octets of memory.
    case scrypt(logCost: Int, blockSize: Int, parallelization: Int)

    /// The first `count` octets derived from password and salt.
    public func derive(
        _ count: Int, from password: Span<UInt8>, salt: Span<UInt8>
    ) throws(LibcryptoError) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: count)
        let status = unsafe key.withUnsafeMutableBufferPointer { key in
            unsafe password.withUnsafeBytes { password in
                unsafe salt.withUnsafeBufferPointer { salt in
                    let characters = unsafe password.baseAddress?.assumingMemoryBound(to: CChar.self)
                    return switch self {
                    case .pbkdf2(let hash, let iterations):
                        unsafe hash.implementation.withUnsafePointer { hash in
                            unsafe PKCS5_PBKDF2_HMAC(
                                characters, Int32(clamping: password.count), salt.baseAddress,
                                Int32(clamping: salt.count), Int32(clamping: iterations), hash,
                                Int32(clamping: key.count), key.baseAddress)
                        }
                    case .scrypt(let logCost, let blockSize, let parallelization):
                        unsafe EVP_PBE_scrypt(
                            characters, password.count, salt.baseAddress, salt.count, 1 << UInt64(logCost),
                            UInt64(blockSize), UInt64(parallelization), Self.memoryLimit, key.baseAddress, key.count)
                    }
                }
            }
        }
        try check(status, "derive a key from a password")
        return key
    }

    /// In octets. libcrypto's own default of 32 MiB is less than a usual scrypt hash takes.
    private static let memoryLimit: UInt64 = 1 << 30
}
