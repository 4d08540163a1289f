import CLibxcrypt
import Glibc

/// bcrypt, as libxcrypt has it.
package enum Bcrypt {
    /// The longest secret that bcrypt hashes, in octets. bcrypt ignores the rest, so a longer secret must be refused.
    package static let maximumSecretSize = 72

    /// Hashes a secret. It takes 2 to the power of the cost rounds, milliseconds to seconds. Copies of the secret are cleared.
    ///
    /// - Parameters:
    ///   - secret: at most ``maximumSecretSize`` octets. None of them is zero, since C would take that for the end.
    ///   - setting: `$2b$`, the cost, `$` and 22 characters of salt; a whole hash serves as well.
    /// - Returns: the 60 characters of the hash; `nil` for a secret or a setting that cannot be used.
    package static func hash(_ secret: Span<UInt8>, setting: String) -> String? {
        guard secret.count <= maximumSecretSize else { return nil }
        // One array with its zero at the end: appending could move it and leave a copy.
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
        // Too large for the stack of a thread, and full of traces of the secret afterwards.
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
