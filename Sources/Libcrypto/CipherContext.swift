import CLibcrypto

/// One `EVP_CIPHER_CTX`, for one message.
@safe
struct CipherContext: ~Copyable {
    enum Direction: Int32 {
        case decrypt = 0
        case encrypt = 1
    }

    private let pointer: OpaquePointer

    private init(takingOwnershipOf pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    /// - Parameters:
    ///   - key: of the length of the cipher's key.
    ///   - nonce: of the length of the cipher's nonce; empty for a cipher without a nonce.
    init(
        _ cipher: FetchedCipher, _ direction: Direction, key: SecretBytes, nonce: Span<UInt8>
    ) throws(LibcryptoError) {
        let context = try unsafe CipherContext(takingOwnershipOf: check(EVP_CIPHER_CTX_new(), "prepare a cipher"))
        try context.prepare(cipher, direction, key: key, nonce: nonce)
        self = context
    }

    private func prepare(
        _ cipher: FetchedCipher, _ direction: Direction, key: SecretBytes, nonce: Span<UInt8>
    ) throws(LibcryptoError) {
        let pointer = unsafe self.pointer
        let status = unsafe cipher.withUnsafePointer { cipher in
            key.withBytes { key in
                unsafe key.withUnsafeBufferPointer { key in
                    unsafe nonce.withUnsafeBufferPointer { nonce in
                        unsafe EVP_CipherInit_ex2(
                            pointer, cipher, key.baseAddress, nonce.isEmpty ? nil : nonce.baseAddress,
                            direction.rawValue, nil)
                    }
                }
            }
        }
        try check(status, "prepare a cipher")
        unsafe EVP_CIPHER_CTX_set_padding(pointer, 0)
    }

    deinit { unsafe EVP_CIPHER_CTX_free(pointer) }

    /// Adds data that is authenticated and not encrypted.
    func authenticate(_ data: Span<UInt8>) throws(LibcryptoError) {
        guard !data.isEmpty else { return }
        var count: Int32 = 0
        let pointer = unsafe self.pointer
        let status = unsafe data.withUnsafeBufferPointer {
            unsafe EVP_CipherUpdate(pointer, nil, &count, $0.baseAddress, Int32(clamping: $0.count))
        }
        try check(status, "authenticate data")
    }

    /// - Parameter output: at least as long as `input`.
    func update(_ input: Span<UInt8>, into output: UnsafeMutablePointer<UInt8>?) throws(LibcryptoError) {
        guard !input.isEmpty else { return }
        var count: Int32 = 0
        let pointer = unsafe self.pointer
        let status = unsafe input.withUnsafeBufferPointer {
            unsafe EVP_CipherUpdate(pointer, output, &count, $0.baseAddress, Int32(clamping: $0.count))
        }
        try check(status, "encrypt or decrypt")
        guard Int(count) == input.count else { throw LibcryptoError(drainingQueueFor: "encrypt or decrypt") }
    }

    /// Ends the message.
    ///
    /// - Returns: `false` if the tag does not match the decrypted message.
    func finish() -> Bool {
        var count: Int32 = 0
        var rest: UInt8 = 0
        return isSuccess(unsafe EVP_CipherFinal_ex(pointer, &rest, &count))
    }

    /// The tag of an encrypted message, after ``finish()``.
    func tag(count: Int) throws(LibcryptoError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: count)
        let pointer = unsafe self.pointer
        let status = unsafe tag.withUnsafeMutableBytes {
            unsafe EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, Int32(clamping: count), $0.baseAddress)
        }
        try check(status, "compute a tag")
        return tag
    }

    /// Sets the tag that the message to decrypt must have.
    func expect(tag: [UInt8]) throws(LibcryptoError) {
        var tag = tag
        let pointer = unsafe self.pointer
        let status = unsafe tag.withUnsafeMutableBytes {
            unsafe EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, Int32(clamping: $0.count), $0.baseAddress)
        }
        try check(status, "expect a tag")
    }
}

/// One `EVP_CIPHER`, fetched from the provider and kept until the process ends.
@safe
final class FetchedCipher: @unchecked Sendable {
    // Sendable: a fetched EVP_CIPHER is immutable.
    private let pointer: OpaquePointer?

    private init(_ name: String) {
        unsafe pointer = EVP_CIPHER_fetch(nil, name, nil)
    }

    deinit { unsafe EVP_CIPHER_free(pointer) }

    /// Lends the pointer, which must not leave the closure. It is `nil` if the provider has no such cipher.
    func withUnsafePointer<Result>(_ body: (OpaquePointer?) -> Result) -> Result {
        unsafe body(pointer)
    }

    static let aes256ECB = FetchedCipher("AES-256-ECB")
    static let aes256GCM = FetchedCipher("AES-256-GCM")
}
