import CLibxcrypt
import Glibc

/// bcrypt, as libxcrypt implements it.
package enum Bcrypt {
    /// The longest secret that bcrypt hashes, in octets. bcrypt ignores the rest, so a longer secret must be rejected.
    package static let maximumSecretSize = 72

    /// Hashes a secret. It takes 2^cost rounds, milliseconds to seconds. Copies of the secret are cleared.
    ///
    /// - Parameters:
    ///   - secret: at most ``maximumSecretSize`` octets. None of them may be zero, which ends a string in C.
    ///   - setting: `$2b$`, the cost, `$` and 22 characters of salt; a whole hash is accepted too.
    /// - Returns: the 60 characters of the hash; `nil` if the secret or the setting cannot be used.
    package static func hash(_ secret: Span<UInt8>, setting: String) -> String? {
        guard secret.count <= maximumSecretSize else { return nil }
        // One array, allocated with the zero at its end: appending could move it and leave a copy.
        var phrase = [CChar](repeating: 0, count: secret.count + 1)
        var hasZero = false
        for index in secret.indices {
            phrase[index] = CChar(bitPattern: secret[index])
            if secret[index] == 0 { hasZero = true }
        }
        defer {
            unsafe phrase.withUnsafeMutableBytes { phrase in
                if let start = phrase.baseAddress { unsafe explicit_bzero(start, phrase.count) }
            }
        }
        guard !hasZero else { return nil }
        // On the heap, since it is too large for a thread's stack. Afterwards it holds traces of the secret.
        let size = MemoryLayout<crypt_data>.size
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: size, alignment: MemoryLayout<crypt_data>.alignment)
        defer {
            unsafe explicit_bzero(memory, size)
            unsafe memory.deallocate()
        }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        guard let result = unsafe crypt_rn(phrase, setting, memory, Int32(clamping: size)) else { return nil }
        let hash = unsafe String(cString: result)
        // libxcrypt reports failure with a string that begins with a star and is not a hash.
        return hash.hasPrefix("*") ? nil : hash
    }
}
