import CLibcrypto

/// Checks signatures of one key and one scheme, prepared once and used many times, by one thread at a time.
@safe
final class VerificationContext: @unchecked Sendable {
    // Sendable: whoever takes one out of `VerificationContexts` has it alone until it is put back.
    private let pointer: OpaquePointer
    let scheme: SignatureScheme

    /// - Throws: where the key does not fit the scheme.
    init(_ key: PublicKey, _ scheme: SignatureScheme) throws(LibcryptoError) {
        let context = try unsafe key.withPointer { (key) throws(LibcryptoError) in
            try unsafe check(EVP_PKEY_CTX_new_from_pkey(nil, key, nil), "prepare to verify")
        }
        do throws(LibcryptoError) {
            try unsafe check(EVP_PKEY_verify_init(context), "prepare to verify")
            try unsafe scheme.apply(to: context)
        } catch {
            unsafe EVP_PKEY_CTX_free(context)
            throw error
        }
        unsafe pointer = context
        self.scheme = scheme
    }

    deinit { unsafe EVP_PKEY_CTX_free(pointer) }

    func verify(_ signature: Span<UInt8>, digest: [UInt8]) -> Bool {
        let status = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe digest.withUnsafeBufferPointer { digest in
                unsafe EVP_PKEY_verify(
                    pointer, signature.baseAddress, signature.count, digest.baseAddress, digest.count)
            }
        }
        if status != 1 { ERR_clear_error() }
        return status == 1
    }
}
