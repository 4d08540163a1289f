import CLibcrypto

/// Checks signatures of one key and one scheme, prepared once and used many times, by one thread at a time.
@safe
final class VerificationContext: @unchecked Sendable {
    // Sendable: whoever takes one out of `VerificationContexts` has it alone until it is put back.
    private let pointer: OpaquePointer
    let scheme: SignatureScheme

    /// - Throws: where the key does not fit the scheme.
    init(_ key: PublicKey, _ scheme: SignatureScheme) throws(LibcryptoError) {
        unsafe pointer = try key.withPointer { (key) throws(LibcryptoError) in
            try unsafe scheme.context(for: key, "prepare to verify") { unsafe EVP_PKEY_verify_init($0) }
        }
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
