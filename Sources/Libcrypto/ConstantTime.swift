import CLibcrypto

/// Comparisons whose duration reveals nothing about the bytes compared.
public enum ConstantTime {
    /// Whether two byte strings are equal. Their lengths are not secret; their contents are.
    public static func areEqual(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
        guard first.count == second.count else { return false }
        return unsafe first.withUnsafeBytes { first in
            unsafe second.withUnsafeBytes { second in
                unsafe CRYPTO_memcmp(first.baseAddress, second.baseAddress, first.count) == 0
            }
        }
    }
}
