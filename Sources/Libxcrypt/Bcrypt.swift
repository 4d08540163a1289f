import CLibxcrypt
import Glibc

/// bcrypt, as libxcrypt has it.
package enum Bcrypt {
    /// The octets of a secret that count. bcrypt passes over whatever follows, so that a longer secret must be refused.
    package static let maximumSecretSize = 72

    /// Hashes a secret. It takes 2 to the power of the cost rounds, milliseconds to seconds.
    ///
    /// - Parameters:
    ///   - secret: at most ``maximumSecretSize`` octets, none of them zero, where C would see the end.
    ///   - setting: `$2b$`, the cost, `$` and 22 characters of salt; a whole hash serves as well.
    /// - Returns: the 60 characters of the hash; nil for a secret or a setting that cannot be used.
    package static func hash(_ secret: [UInt8], setting: String) -> String? {
        guard secret.count <= maximumSecretSize, !secret.contains(0) else { return nil }
        // Too large for the stack of a thread, and full of traces of the secret afterwards.
        let size = MemoryLayout<crypt_data>.size
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: size, alignment: MemoryLayout<crypt_data>.alignment)
        var phrase = (secret + [0]).map { CChar(bitPattern: $0) }
        defer {
            unsafe explicit_bzero(memory, size)
            unsafe memory.deallocate()
            unsafe phrase.withUnsafeMutableBytes { phrase in
                if let start = phrase.baseAddress { unsafe explicit_bzero(start, phrase.count) }
            }
        }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        guard let result = unsafe crypt_rn(phrase, setting, memory, Int32(clamping: size)) else { return nil }
        let hash = unsafe String(cString: result)
        // libxcrypt reports failure with a string that is no hash and begins with a star.
        return hash.hasPrefix("*") ? nil : hash
    }
}
