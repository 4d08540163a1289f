import CLibcrypto

/// One `EVP_CIPHER_CTX`, for one message.
@safe
final class CipherContext {
    enum Direction: Int32 {
        case decrypt = 0
        case encrypt = 1
    }

    private let pointer: OpaquePointer

    /// - Parameters:
    ///   - key: as long as the cipher's.
    ///   - nonce: as long as the cipher's; empty for one that has none.
    init(
        _ cipher: FetchedCipher, _ direction: Direction, key: SecretBytes, nonce: Span<UInt8>
    ) throws(LibcryptoError) {
        unsafe pointer = try check(EVP_CIPHER_CTX_new(), "prepare a cipher")
        try prepare(cipher, direction, key: key, nonce: nonce)
    }

    private func prepare(
        _ cipher: FetchedCipher, _ direction: Direction, key: SecretBytes, nonce: Span<UInt8>
    ) throws(LibcryptoError) {
        let status = key.withBytes { key in
            unsafe key.withUnsafeBufferPointer { key in
                unsafe nonce.withUnsafeBufferPointer { nonce in
                    unsafe EVP_CipherInit_ex2(
                        pointer, cipher.pointer, key.baseAddress, nonce.isEmpty ? nil : nonce.baseAddress,
                        direction.rawValue, nil)
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
        let status = unsafe data.withUnsafeBufferPointer {
            unsafe EVP_CipherUpdate(pointer, nil, &count, $0.baseAddress, Int32(clamping: $0.count))
        }
        try check(status, "authenticate data")
    }

    /// - Parameter output: at least as long as `input`.
    func update(_ input: Span<UInt8>, into output: UnsafeMutablePointer<UInt8>?) throws(LibcryptoError) {
        guard !input.isEmpty else { return }
        var count: Int32 = 0
        let status = unsafe input.withUnsafeBufferPointer {
            unsafe EVP_CipherUpdate(pointer, output, &count, $0.baseAddress, Int32(clamping: $0.count))
        }
        try check(status, "encrypt or decrypt")
        guard Int(count) == input.count else { throw LibcryptoError(drainingQueueFor: "encrypt or decrypt") }
    }

    /// Ends the message.
    ///
    /// - Returns: false where it is not what was authenticated.
    func finish() -> Bool {
        var count: Int32 = 0
        var rest: UInt8 = 0
        let status = unsafe EVP_CipherFinal_ex(pointer, &rest, &count)
        if status != 1 { _ = LibcryptoError(drainingQueueFor: "authenticate data") }
        return status == 1
    }

    /// The tag of a message that was encrypted and ended.
    func tag(count: Int) throws(LibcryptoError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: count)
        let status = unsafe tag.withUnsafeMutableBytes {
            unsafe EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, Int32(clamping: count), $0.baseAddress)
        }
        try check(status, "compute a tag")
        return tag
    }

    /// The tag that a message to be decrypted must have.
    func expect(tag: [UInt8]) throws(LibcryptoError) {
        var tag = tag
        let status = unsafe tag.withUnsafeMutableBytes {
            unsafe EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, Int32(clamping: $0.count), $0.baseAddress)
        }
        try check(status, "expect a tag")
    }
}
